#include "services/capture/start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/resume/source_start.hpp"
#include "capture/resume/tail_scan.hpp"
#include "capture/source/replication_check.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kKafkaTimeout{15'000};
constexpr milliseconds kLeaderPause{100};
constexpr seconds kStandbyWait{1};  ///< between two tries to take the lease
constexpr milliseconds kSourcePositionPause{1'000};

std::unexpected<SessionEnd> failed(const StartContext& context, const mysql::SqlError& error) {
  return std::unexpected(end_of(error, context.settings.source));
}
std::unexpected<SessionEnd> failed(const kafka::KafkaError& error, const std::string& what) {
  return std::unexpected(end_of(error, what));
}
std::unexpected<SessionEnd> failed(EndKind kind, std::string sentence) {
  return std::unexpected(SessionEnd{kind, std::move(sentence)});
}

}  // namespace

kafka::ClusterSettings StartContext::beating_cluster() const {
  kafka::ClusterSettings beating = cluster;
  beating.give_up = [&beat = events.beat, &end = ending] {
    beat();
    return end.ended();
  };
  return beating;
}

// --- the source, and the lease there -------------------------------------------------------------------------------

Expected<Source> look_at_source(const StartContext& context) {
  const CaptureSettings& settings = context.settings;
  mysql::SessionSettings session;
  session.program_name = "farshore capture";
  auto connection = mysql::Connection::open(settings.source, session);
  if (!connection) return failed(context, connection.error());
  Source source{.control = std::move(*connection),
                .facts = {.address = settings.source.to_string(), .server = {}, .hidden_by = {}}};
  auto server = mysql::read_server_info(source.control);
  if (!server) return failed(context, server.error());
  source.facts.server = std::move(*server);
  auto results = check_source(source.control, source.facts.server,
                              {.rules = settings.rules, .capture_server_id = settings.server_id});
  if (!results) return failed(context, results.error());
  auto replication = look_at_replication(source.control, source.facts.server.kind, settings.allowed_upstreams);
  if (!replication) return failed(context, replication.error());
  results->push_back(std::move(*replication));

  SourceJudgement judgement = judge_source(*results);
  for (const std::string& warning : judgement.warnings) context.events.warning(warning);
  if (!judgement.errors.empty())
    return failed(EndKind::kMisconfigured,
                  fmt::format("the source {} cannot be captured: {}", source.facts.address, judgement.errors));
  source.facts.hidden_by = std::move(judgement.hidden_by);
  return source;
}

Expected<Lease> open_lease(const StartContext& context) {
  auto lease = Lease::open(context.settings.source, context.settings.origin);
  if (!lease) return failed(context, lease.error());
  return std::move(*lease);
}

Expected<bool> take_lease(const StartContext& context, Lease& lease) {
  bool stood_by = false;
  while (!context.ending.ended()) {
    context.events.beat();
    const auto taken = lease.acquire(stood_by ? kStandbyWait : seconds(0));
    if (!taken) return failed(context, taken.error());
    if (*taken) return stood_by;
    if (!stood_by) context.events.standby();
    stood_by = true;
  }
  return std::unexpected(context.ending.get());
}

// --- the checkpoint ------------------------------------------------------------------------------------------------

Expected<std::unique_ptr<kafka::TransactionalProducer>> fence_older_captures(const StartContext& context,
                                                                             const SourceFacts& source,
                                                                             KafkaClients& clients) {
  const std::string& origin = context.settings.origin;
  auto admin = kafka::Admin::create(context.beating_cluster());
  if (!admin) return failed(admin.error(), "a client cannot be made");
  clients.admin = std::move(*admin);
  if (auto failure = set_up_checkpoint_topic(*clients.admin, origin, context.settings.topics, context.events.warning))
    return std::unexpected(std::move(*failure));
  // A capture whose address leads to another server must not end the right one's session again and again.
  const auto before = read_checkpoint(context, clients);
  if (before && before->checkpoint && before->checkpoint->source_uuid != source.server.uuid)
    return failed(EndKind::kStopRetried, another_server(origin, *before->checkpoint, source.server.uuid));
  // It would fence the capture that goes on in this one's place.
  if (context.ending.ended()) return std::unexpected(context.ending.get());
  auto producer = kafka::TransactionalProducer::create(context.cluster, checkpoint_identity(origin), kKafkaTimeout);
  if (!producer) return failed(producer.error(), "the checkpoint's producer cannot be made");
  return std::move(*producer);
}

Expected<FoundCheckpoint> read_checkpoint(const StartContext& context, KafkaClients& clients) {
  if (!clients.tails) {
    auto reader = kafka::TailReader::create(context.beating_cluster());
    if (!reader) return failed(reader.error(), "a client cannot be made");
    clients.tails = std::move(*reader);
  }
  FoundCheckpoint found;
  const std::string topic = checkpoint_topic(context.settings.origin);
  const auto bytes = clients.tails->read_compacted_last(topic, change::kCheckpointKey, kKafkaTimeout);
  if (!bytes) return failed(bytes.error(), "the checkpoint cannot be read");
  if (!*bytes) {
    const auto last = clients.tails->read_compacted_last(topic, change::kLastEpochKey, kKafkaTimeout);
    if (!last) return failed(last.error(), "the number of the last epoch cannot be read");
    if (*last) found.last_epoch = change::parse_last_epoch(**last).value_or(Epoch(0));
    return found;
  }
  auto checkpoint = change::decode_checkpoint(**bytes);
  if (!checkpoint)
    return failed(EndKind::kStop, fmt::format("the newest checkpoint in topic {} cannot be understood ({}): restore "
                                              "the topic, or run the version of farshore that wrote it",
                                              topic, change::to_string(checkpoint.error())));
  found.checkpoint = std::move(*checkpoint);
  return found;
}

// --- the numbering -------------------------------------------------------------------------------------------------

namespace {

/// Where a source's binlogs begin and end, and where a first start begins.
struct SourcePosition {
  OriginPosition executed;
  OriginPosition earliest;
  StartFrom from;
};

Expected<SourcePosition> read_source_position(const StartContext& context, Source& source) {
  const ServerKind kind = source.facts.server.kind;
  const auto text = mysql::read_executed_position(source.control, kind);
  if (!text) return failed(context, text.error());
  auto executed = OriginPosition::parse(*text);
  if (!executed)
    return failed(EndKind::kStop, fmt::format("the source's binlog position is not understood: '{}'", *text));
  auto earliest = earliest_position(source.control, kind);
  if (!earliest) return failed(context, earliest.error());
  auto from = parse_start(context.settings.from);
  if (!from)
    return failed(EndKind::kMisconfigured,
                  fmt::format("--from {} is not 'end', 'earliest' or a GTID position", context.settings.from));
  return SourcePosition{.executed = std::move(*executed), .earliest = std::move(*earliest), .from = std::move(*from)};
}

Expected<std::vector<CascadingKey>> read_keys(const StartContext& context, Source& source) {
  auto keys = read_cascades(source.control, [&] {
    context.events.beat();
    return !context.ending.ended();
  });
  if (!keys) return failed(context, keys.error());
  if (context.ending.ended()) return std::unexpected(context.ending.get());  // then they are not all
  return std::move(*keys);
}

/// What the start tells of that was changed while the source did not log it: of what is unseen, and of cascades.
Expected<MissedTables> find_missed(const StartContext& context, Source& source, const FoundCheckpoint& found,
                                   const std::vector<CascadingKey>& keys, const UnseenChanges& unseen,
                                   CascadeLogging logging) {
  if (logging != CascadeLogging::kFromNowOn) return unseen.missed;
  const auto position = read_source_position(context, source);
  if (!position) return std::unexpected(position.error());
  auto missed = add_unlogged(unseen.missed, *found.checkpoint, keys, position->executed, context.settings.rules);
  if (!missed) return unseen.missed;
  if (!missed->names.empty())
    context.events.warning(
        fmt::format("{}: what they changed is not published, and the other regions' gates close for {} tables ({} "
                    "first) as not-yet-equal",
                    missed->why, missed->names.size(), missed->names.front()));
  return std::move(*missed);
}

/// The tables of which rows were left out under the checkpoint's numbering.
Expected<std::vector<std::string>> find_left_out(const StartContext& context, Source& source,
                                                 const change::TableRules& before, const change::TableRules& now) {
  const auto tables = read_tables(source.control);
  if (!tables) return failed(context, tables.error());
  auto left_out = left_out_before(*tables, before, now);
  if (!left_out.empty())
    context.events.warning(fmt::format(
        "{} tables are captured from here on ({} first), and their rows until now were not: the gates of the other "
        "regions stay closed until they are made equal there and declared so",
        left_out.size(), left_out.front()));
  return left_out;
}

}  // namespace

Expected<DecidedNumbering> decide_numbering(const StartContext& context, Source& source, const FoundCheckpoint& found,
                                            CheckpointWriter& checkpoints) {
  const change::TableRules& rules = context.settings.rules;
  std::optional<change::TableRules> before;
  if (found.checkpoint) {
    auto understood = change::TableRules::from_numbering(found.checkpoint->numbering);
    if (!understood)
      return failed(EndKind::kStop, "the checkpoint's numbering cannot be understood: " + understood.error());
    before = std::move(*understood);
  }
  const bool logs = logs_cascades(source.facts.server);
  std::vector<CascadingKey> keys;
  if (needs_keys(found.checkpoint, logs)) {
    auto read = read_keys(context, source);
    if (!read) return std::unexpected(std::move(read.error()));
    keys = std::move(*read);
  }
  UnseenChanges unseen = find_unseen(source.facts, keys, found.checkpoint, rules);
  if (unseen.noted && !checkpoints.write(*unseen.noted)) return std::unexpected(context.ending.get());
  if (unseen.refuses) return failed(EndKind::kMisconfigured, unseen.why);
  const CascadeLogging logging = compare_logging(found.checkpoint, logs);
  auto missed = find_missed(context, source, found, keys, unseen, logging);
  if (!missed) return std::unexpected(std::move(missed.error()));

  auto now = tie_tables(rules, before, keys, logs);
  if (!now) return failed(EndKind::kMisconfigured, now.error());
  change::Numbering configured = now->numbering();
  const bool changes = before && before->numbering() != configured;
  if (changes) {
    auto left_out = find_left_out(context, source, *before, *now);
    if (!left_out) return std::unexpected(std::move(left_out.error()));
    std::ranges::move(*left_out, std::back_inserter(missed->names));
  }
  // Whoever numbers as configured also takes the merge rules and all else from the configuration.
  return DecidedNumbering{.rules = changes ? std::move(*before) : std::move(*now),
                          .configured = std::move(configured),
                          .keys = std::move(keys),
                          .unseen = std::move(unseen),
                          .logging = logging,
                          .missed = std::move(*missed)};
}

Expected<void> set_up_topics(const StartContext& context, KafkaClients& clients, const FoundCheckpoint& found,
                             const DecidedNumbering& numbering) {
  FARSHORE_CHECK(clients.admin);
  const change::Numbering* checkpointed = found.checkpoint ? &found.checkpoint->numbering : nullptr;
  if (checkpointed != nullptr)
    if (auto sentence = refuse_renumbering(*checkpointed, numbering.configured))
      return failed(EndKind::kMisconfigured, std::move(*sentence));
  if (auto failure = set_up_change_topics(*clients.admin, context.settings.origin, numbering.configured, checkpointed,
                                          context.settings.topics, context.events.warning))
    return std::unexpected(std::move(*failure));
  return {};
}

// --- the plan ------------------------------------------------------------------------------------------------------

Incarnation random_incarnation() {
  std::random_device device;
  return Incarnation((std::uint64_t{device()} << 32) | device());
}

namespace {

/// Of every partition of the numbering that counts, as ResumeFacts says.
Expected<std::vector<PartitionTail>> read_tails(const StartContext& context, kafka::TailReader& reader,
                                                const ResumeFacts& facts) {
  std::vector<PartitionTail> tails;
  const Partitions partitions(facts.checkpoint ? facts.checkpoint->numbering : facts.configured);
  // A topic just made may have no leader yet.
  const auto deadline = std::chrono::steady_clock::now() + kKafkaTimeout;
  for (std::uint32_t i = 0; i < partitions.count();) {
    const KafkaOffset from = facts.checkpoint ? facts.checkpoint->partitions[i].kafka_offset : kafka::kBeginning;
    auto tail = read_tail(reader, facts.origin, partitions.stream_name(Slot(i)), partitions.place(Slot(i)).partition,
                          from, facts.checkpoint ? TailExtent::kWhole : TailExtent::kBoundsOnly);
    if (!tail && (!tail.error().retry() || std::chrono::steady_clock::now() > deadline || context.ending.ended()))
      return failed(tail.error(), "what is published cannot be read");
    if (!tail) {
      std::this_thread::sleep_for(kLeaderPause);
      continue;
    }
    tails.push_back(std::move(*tail));
    ++i;
  }
  return tails;
}

/// The tails once more, with what they say last: for a checkpoint that is to be rebuilt.
Expected<void> read_statements(kafka::TailReader& reader, ResumeFacts& facts) {
  facts.tails.clear();
  facts.statements.clear();
  const Partitions partitions(facts.configured);
  for (std::uint32_t i = 0; i < partitions.count(); ++i) {
    auto found = read_tail_with_statement(reader, facts.origin, partitions.stream_name(Slot(i)),
                                          partitions.place(Slot(i)).partition);
    if (!found) return failed(found.error(), "what is published cannot be read");
    facts.tails.push_back(std::move(found->tail));
    facts.statements.push_back(std::move(found->statement));
  }
  return {};
}

Expected<void> take_source_position(const StartContext& context, Source& source, ResumeFacts& facts) {
  auto position = read_source_position(context, source);
  if (!position) return std::unexpected(std::move(position.error()));
  facts.executed = std::move(position->executed);
  facts.earliest = std::move(position->earliest);
  facts.from = std::move(position->from);
  return {};
}

/// Plans again while the source may still come to be as it has to be.
Expected<void> plan_again(const StartContext& context, Source& source, PlannedStart& planned) {
  auto lacked_since = std::chrono::steady_clock::now();
  bool said = false;
  while (may_pass(planned.plan, std::chrono::steady_clock::now() - lacked_since)) {
    std::this_thread::sleep_for(kSourcePositionPause);
    if (context.ending.ended()) return std::unexpected(context.ending.get());
    context.events.beat();
    const OriginPosition before = planned.facts.executed;
    if (auto taken = take_source_position(context, source, planned.facts); !taken) return taken;
    planned.plan = plan_resume(planned.facts);
    // Transactions are executed in the binlog's order: while what is lacking waits, nothing moves.
    if (source.facts.server.kind != ServerKind::kMysql || planned.facts.executed != before) continue;
    const auto waits = mysql::waits_for_replicas(source.control);
    if (!waits) return failed(context, waits.error());
    if (!*waits) continue;
    lacked_since = std::chrono::steady_clock::now();
    if (!said)
      context.events.warning("the source's transactions wait for a semi-synchronous replica; capture waits with them");
    said = true;
  }
  return {};
}

}  // namespace

Expected<PlannedStart> plan_start(const StartContext& context, Source& source, KafkaClients& clients,
                                  const FoundCheckpoint& found, const DecidedNumbering& numbering) {
  FARSHORE_CHECK(clients.tails);
  const CaptureSettings& settings = context.settings;
  PlannedStart planned{.facts = resume_facts(found, numbering), .plan = {}};
  ResumeFacts& facts = planned.facts;
  facts.origin = settings.origin;
  facts.source_identity = source.facts.server.uuid;
  facts.fresh = random_incarnation();
  facts.rebuild_checkpoint = settings.rebuild_checkpoint;
  auto tails = read_tails(context, *clients.tails, facts);
  if (!tails) return std::unexpected(std::move(tails.error()));
  facts.tails = std::move(*tails);
  if (facts.rebuild_checkpoint && is_lost(facts.checkpoint, facts.tails)) {
    facts.checkpoint.reset();
    if (auto read = read_statements(*clients.tails, facts); !read) return std::unexpected(std::move(read.error()));
  }
  if (auto taken = take_source_position(context, source, facts); !taken)
    return std::unexpected(std::move(taken.error()));
  if (facts.checkpoint && settings.from_is_asked_for)
    context.events.warning(from_is_passed_over(settings.from, settings.origin, *facts.checkpoint));
  planned.plan = plan_resume(facts);
  if (auto again = plan_again(context, source, planned); !again) return std::unexpected(std::move(again.error()));
  for (const std::string& warning : planned.plan.warnings) context.events.warning(warning);
  if (planned.plan.kind == ResumePlan::Kind::kRefuse) return std::unexpected(end_of(planned.plan));
  return planned;
}

// --- started -------------------------------------------------------------------------------------------------------

namespace {

/// Where the change topics end: nothing of the epoch that begins lies below.
Expected<void> take_topic_ends(const StartContext& context, kafka::Admin& admin, ResumePlan& plan) {
  const Partitions partitions(plan.checkpoint.numbering);
  plan.tail_ends.clear();
  for (std::uint32_t i = 0; i < partitions.count(); ++i) {
    const auto range = admin.offsets(
        {change_topic(context.settings.origin, partitions.stream_name(Slot(i))), partitions.place(Slot(i)).partition},
        kKafkaTimeout);
    if (!range) return failed(range.error(), "the ends of the change topics cannot be read");
    plan.checkpoint.partitions[i].kafka_offset = range->high;
    plan.tail_ends.push_back(range->high);
  }
  return {};
}

KnownCascades::IsCaptured captured_by(const change::TableRules& rules) {
  return [rules](const TableName& table) { return is_captured(table, rules); };
}

}  // namespace

Expected<Started> start_from(const StartContext& context, Source& source, KafkaClients& clients,
                             DecidedNumbering numbering, PlannedStart planned) {
  FARSHORE_CHECK(clients.admin);
  // Of a table of which the start has found no cascading key.
  const auto ask = [&](const TableName& table) -> Expected<std::optional<std::vector<CascadingKey>>> {
    auto keys = read_cascades_of(source.control, table.schema, table.table);
    if (keys) return std::move(*keys);
    auto end = end_of_unread_keys(keys.error(), context.settings.source, table.for_people(),
                                  is_captured(table, numbering.rules));
    if (end) return std::unexpected(std::move(*end));
    return std::nullopt;
  };
  auto cascades = know_cascades(planned,
                                {.are_logged = logs_cascades(source.facts.server),
                                 .keys = std::move(numbering.keys),
                                 .logging = numbering.logging,
                                 .ask = ask},
                                captured_by(numbering.rules));
  if (!cascades) return std::unexpected(std::move(cascades.error()));
  Started started{.facts = std::move(planned.facts),
                  .plan = std::move(planned.plan),
                  .rules = std::move(numbering.rules),
                  .cascades = std::move(*cascades),
                  .unseen = std::move(numbering.unseen.why)};
  if (started.plan.kind != ResumePlan::Kind::kBeginEpoch) return started;
  auto rules = change::TableRules::from_numbering(started.plan.checkpoint.numbering);
  if (!rules) return failed(EndKind::kStop, "the numbering cannot be understood: " + rules.error());
  started.rules = std::move(*rules);
  started.cascades.set_captured(captured_by(started.rules));
  if (!started.facts.checkpoint)
    if (const auto sentence = warn_of_rows_there(source.control, started.rules)) context.events.warning(*sentence);
  if (auto taken = take_topic_ends(context, *clients.admin, started.plan); !taken)
    return std::unexpected(std::move(taken.error()));
  return started;
}

}  // namespace farshore::capture
