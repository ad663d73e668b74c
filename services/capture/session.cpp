#include "capture/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "base/check.hpp"
#include "capture/checkpoint_cut.hpp"
#include "capture/numberer.hpp"
#include "capture/pipeline.hpp"
#include "capture/replication_check.hpp"
#include "capture/row_router.hpp"
#include "capture/server_roles.hpp"
#include "capture/source_history.hpp"
#include "capture/source_start.hpp"
#include "capture/statement_check.hpp"
#include "capture/tail_scan.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kKafkaTimeout{15'000};
constexpr milliseconds kLeaderPause{100};
constexpr seconds kStandbyWait{1};  ///< between two tries to take the lease
/// A transaction is in the binlog a moment before it counts as executed.
constexpr seconds kSourceLackedMax{10};
constexpr seconds kSourceLackedFirst{2};  ///< where it is looked at again afterwards
constexpr milliseconds kSourcePositionPause{1'000};

/// How a failed question to the source ends a session.
SessionEnd end_of(const mysql::SqlError& error, const DatabaseEndpoint& source) {
  const std::string sentence = fmt::format("the source {} cannot be asked: {}", source.to_string(), error.to_string());
  const bool person_needed =
      error.kind == mysql::SqlErrorKind::kAccessDenied || error.kind == mysql::SqlErrorKind::kTls;
  return {person_needed ? EndKind::kMisconfigured : EndKind::kRetry, sentence};
}

Incarnation random_incarnation() {
  std::random_device device;
  return Incarnation((std::uint64_t{device()} << 32) | device());
}

}  // namespace

Session::Session(const SessionSettings& settings, const SessionEvents& events, Metrics& metrics)
    : settings_(settings), events_(events), metrics_(metrics), cluster_(settings.cluster) {
  cluster_.give_up = [this] { return ending_.ended(); };
  ending_.on_end([this] {
    const std::lock_guard lock(reading_mutex_);
    if (reading_ != nullptr) reading_->interrupt();
  });
  facts_.origin = settings.origin;
  facts_.fresh = random_incarnation();
  facts_.rebuild_checkpoint = settings.rebuild_checkpoint;
}

Session::~Session() = default;

SessionEnd Session::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { ending_.end(EndKind::kShutdown, "asked to stop"); });
  for (const auto step : {&Session::look_at_source, &Session::take_lease, &Session::fence_older_captures,
                          &Session::read_checkpoint, &Session::decide_numbering, &Session::set_up_topics,
                          &Session::plan, &Session::begin_epoch, &Session::publish}) {
    events_.beat();
    const Failure failure = (this->*step)();
    if (ending_.ended()) return ended();
    if (failure) {
      const std::string where =
          failure->by == EndedBy::kKafka ? fmt::format("Kafka (kafka.bootstrap {}): ", cluster_.bootstrap) : "";
      ending_.end(failure->kind, where + failure->sentence, failure->by);
      return ended();
    }
  }
  return ended();
}

Session::Failure Session::look_at_source() {
  mysql::SessionSettings session;
  session.program_name = "farshore capture";
  auto connection = mysql::Connection::open(settings_.source, session);
  if (!connection) return end_of(connection.error(), settings_.source);
  control_.emplace(std::move(*connection));
  auto server = mysql::read_server_info(*control_);
  if (!server) return end_of(server.error(), settings_.source);
  server_ = std::move(*server);
  facts_.source_identity = server_.uuid;

  auto results = check_source(*control_, server_, {.rules = settings_.rules, .capture_server_id = settings_.server_id});
  if (!results) return end_of(results.error(), settings_.source);
  auto replication = look_at_replication(*control_, server_.kind, settings_.allowed_upstreams);
  if (!replication) return end_of(replication.error(), settings_.source);
  results->push_back(std::move(*replication));
  std::string errors;
  hidden_by_.clear();
  for (const CheckResult& result : *results) {
    if (result.severity == CheckResult::Severity::kGood) continue;
    const bool stops = result.severity == CheckResult::Severity::kError && !result.is_of_a_table;
    if (stops && result.hides_changes)
      hidden_by_ = result.sentence();  // see look_at_what_is_unseen()
    else if (stops)
      errors += (errors.empty() ? "" : "; ") + result.sentence();
    else
      events_.warning(result.sentence());
  }
  if (!errors.empty())
    return SessionEnd{EndKind::kMisconfigured,
                      fmt::format("the source {} cannot be captured: {}", settings_.source.to_string(), errors)};
  return std::nullopt;
}

Session::Failure Session::take_lease() {
  auto lease = Lease::open(settings_.source, settings_.origin);
  if (!lease) return end_of(lease.error(), settings_.source);
  lease_.emplace(std::move(*lease));
  bool said = false;
  while (!ending_.ended()) {
    events_.beat();
    const auto taken = lease_->acquire(said ? kStandbyWait : seconds(0));
    if (!taken) return end_of(taken.error(), settings_.source);
    if (*taken) {
      // Standing by may have taken long: the source may be another one by now.
      if (said)
        if (auto failure = look_at_source()) return failure;
      if (!settings_.replicas.empty()) {
        replica_watch_ = std::make_unique<ReplicaWatch>(settings_.replicas);
        replica_thread_ = std::jthread([this](const std::stop_token& stop) { replica_watch_->run(stop); });
      }
      watch_ = std::make_unique<SourceWatch>(*lease_,
                                             SourceWatch::Settings{.kind = server_.kind,
                                                                   .identity = server_.uuid,
                                                                   .watermark_interval = settings_.watermark_interval,
                                                                   .allowed_upstreams = settings_.allowed_upstreams,
                                                                   .region = settings_.region,
                                                                   .replicas = replica_watch_.get(),
                                                                   .applied_origins = settings_.applied_origins,
                                                                   .rules = settings_.rules,
                                                                   .asks_for_keys = !logs_cascades(server_)},
                                             ending_, metrics_);
      watch_thread_ = std::jthread([this](const std::stop_token& stop) { watch_->run(stop); });
      return std::nullopt;
    }
    if (!said) events_.standby();
    said = true;
  }
  return std::nullopt;
}

Session::Failure Session::fence_older_captures() {
  auto admin = kafka::Admin::create(beating_cluster());
  if (!admin) return capture::end_of(admin.error(), "a client cannot be made");
  admin_ = std::move(*admin);
  if (auto failure = set_up_checkpoint_topic(*admin_, settings_.origin, settings_.topics, events_.warning))
    return failure;
  // A capture whose address leads to another server must not end the right one's session again and again.
  if (!read_checkpoint() && facts_.checkpoint && facts_.checkpoint->source_uuid != facts_.source_identity)
    return SessionEnd{EndKind::kStopRetried, another_server(facts_)};
  facts_.checkpoint.reset();
  auto producer = kafka::TransactionalProducer::create(cluster_, checkpoint_identity(settings_.origin), kKafkaTimeout);
  if (!producer) return capture::end_of(producer.error(), "the checkpoint's producer cannot be made");
  checkpoints_ =
      std::make_unique<CheckpointWriter>(std::move(*producer), checkpoint_topic(settings_.origin), ending_, metrics_);
  checkpoint_thread_ = std::jthread([this](const std::stop_token& stop) { checkpoints_->run(stop); });
  return std::nullopt;
}

Session::Failure Session::read_checkpoint() {
  if (!tail_reader_) {
    auto reader = kafka::TailReader::create(beating_cluster());
    if (!reader) return capture::end_of(reader.error(), "a client cannot be made");
    tail_reader_ = std::move(*reader);
  }
  const std::string topic = checkpoint_topic(settings_.origin);
  const auto bytes = tail_reader_->read_compacted_last(topic, change::kCheckpointKey, kKafkaTimeout);
  if (!bytes) return capture::end_of(bytes.error(), "the checkpoint cannot be read");
  if (!*bytes) {
    const auto last = tail_reader_->read_compacted_last(topic, change::kLastEpochKey, kKafkaTimeout);
    if (!last) return capture::end_of(last.error(), "the number of the last epoch cannot be read");
    if (*last) facts_.last_epoch = change::parse_last_epoch(**last).value_or(Epoch(0));
    return std::nullopt;
  }
  auto checkpoint = change::decode_checkpoint(**bytes);
  if (!checkpoint)
    return SessionEnd{EndKind::kStop,
                      fmt::format("the newest checkpoint in topic {} cannot be understood ({}): restore "
                                  "the topic, or run the version of farshore that wrote it",
                                  topic, change::to_string(checkpoint.error()))};
  facts_.checkpoint = std::move(*checkpoint);
  return std::nullopt;
}

Session::Failure Session::read_keys() {
  keys_.clear();
  const bool some_are_unlogged =
      facts_.checkpoint && !facts_.checkpoint->logs_cascades.value_or(facts_.checkpoint->cascades.empty());
  if (logs_cascades(server_) && !some_are_unlogged) return std::nullopt;
  auto keys = read_cascades(*control_, [this] {
    events_.beat();
    return !ending_.ended();
  });
  if (!keys) return end_of(keys.error(), settings_.source);
  keys_ = std::move(*keys);
  return std::nullopt;
}

/// While captured tables change and the source does not log it, nothing is captured: a cascade from a table that no
/// stream takes, or a filter. When that is over, nothing shows what has changed. So an epoch that names the tables is
/// written down first, and begins when it is over.
Session::Failure Session::look_at_what_is_unseen() {
  std::string sentence = hidden_by_;
  std::set<std::string> now;
  if (!hidden_by_.empty()) now.emplace(change::kAllTables);
  for (const CascadingKey& key : keys_) {
    if (logs_cascades(server_) || !is_unrepeated(key.tie, settings_.rules)) continue;
    if (sentence.empty()) sentence = check_cascade(key.tie).sentence();
    now.insert(key.tie.child);
  }
  if (!now.empty())
    unseen_ = fmt::format("the source {} cannot be captured: {}", settings_.source.to_string(), sentence);
  const auto refuse = [&] { return SessionEnd{EndKind::kMisconfigured, unseen_}; };
  if (!facts_.checkpoint) return now.empty() ? Failure() : refuse();
  change::Checkpoint& checkpoint = *facts_.checkpoint;
  std::set<std::string> untold(checkpoint.changed_unseen.begin(), checkpoint.changed_unseen.end());
  const std::size_t known = untold.size();
  untold.merge(now);
  facts_.changed_unseen = captured_descendants(untold, ties_of(keys_), settings_.rules);
  if (!checkpoint.pending_epoch_start) {
    facts_.missed_tables = facts_.changed_unseen;
    facts_.missed_why = "captured tables changed in ways that the source does not log";
    return std::nullopt;
  }
  if (unseen_.empty()) return std::nullopt;
  if (untold.size() > known) {
    auto& missed = checkpoint.pending_epoch_start->missed_tables;
    missed.insert(missed.end(), facts_.changed_unseen.begin(), facts_.changed_unseen.end());
    missed = at_most_named(std::move(missed));
    checkpoint.changed_unseen = at_most_named(facts_.changed_unseen);
    if (!checkpoints_->write(checkpoint)) return std::nullopt;
  }
  return refuse();
}

/// The source was restarted and logs cascades now, or does no longer. What it wrote before that and is yet to be read
/// is as it was then.
Session::Failure Session::look_at_unlogged_cascades() {
  if (!facts_.checkpoint) return std::nullopt;
  const change::Checkpoint& checkpoint = *facts_.checkpoint;
  const bool now = logs_cascades(server_);
  const bool then = checkpoint.logs_cascades.value_or(now && checkpoint.cascades.empty());
  logged_until_now_ = then && !now;
  if (then || !now) return std::nullopt;
  if (auto failure = read_source_position()) return failure;
  const auto position = OriginPosition::parse(checkpoint.position);
  if (position && position->contains(facts_.executed)) return std::nullopt;
  std::vector<CascadingKey> keys = keys_;
  keys.insert(keys.end(), checkpoint.cascades.begin(), checkpoint.cascades.end());
  std::set<std::string> tables(facts_.missed_tables.begin(), facts_.missed_tables.end());
  for (const CascadingKey& key : keys) tables.insert(key.tie.child);
  facts_.missed_tables = captured_descendants(std::move(tables), ties_of(keys), settings_.rules);
  facts_.missed_why = "the source logs cascades now, and did not when it wrote what is read next";
  if (!facts_.missed_tables.empty())
    events_.warning(
        fmt::format("{}: what they changed is not published, and the other regions' gates close for {} "
                    "tables ({} first) as not-yet-equal",
                    facts_.missed_why, facts_.missed_tables.size(), facts_.missed_tables.front()));
  return std::nullopt;
}

/// What decides the numbering now: the configuration, and which foreign keys cascade.
Session::Failure Session::decide_numbering() {
  std::vector<change::CascadeGroup> known;
  if (facts_.checkpoint) {
    auto rules = change::TableRules::from_numbering(facts_.checkpoint->numbering);
    if (!rules) return SessionEnd{EndKind::kStop, "the checkpoint's numbering cannot be understood: " + rules.error()};
    known = rules->cascades();
    rules_ = std::move(*rules);
  }
  for (const auto look : {&Session::read_keys, &Session::look_at_what_is_unseen, &Session::look_at_unlogged_cascades})
    if (auto failure = (this->*look)()) return failure;
  std::vector<Cascade> tied;
  if (!logs_cascades(server_)) tied = ties_of(keys_);
  std::erase_if(tied, [&](const Cascade& tie) { return !is_tie(tie, settings_.rules); });
  auto configured = settings_.rules.with_cascades(cascade_groups(known, tied));
  if (!configured) return SessionEnd{EndKind::kMisconfigured, configured.error()};
  facts_.configured = configured->numbering();
  if (rules_ && rules_->numbering() != facts_.configured) {
    const auto tables = read_tables(*control_);
    if (!tables) return end_of(tables.error(), settings_.source);
    auto missed = newly_captured(*tables, *rules_, *configured);
    // What a server wrote before it was listed was not published.
    if (!std::ranges::includes(rules_->own_servers(), configured->own_servers()))
      missed = {std::string(change::kAllTables)};
    if (!missed.empty())
      events_.warning(fmt::format(
          "{} tables are captured from here on ({} first), and their rows until now were not: the gates of the other "
          "regions stay closed until they are made equal there and declared so",
          missed.size(), missed.front()));
    std::ranges::move(missed, std::back_inserter(facts_.missed_tables));
  }
  // Whoever numbers as configured also takes the merge rules and all else from the configuration.
  if (!rules_ || rules_->numbering() == facts_.configured) rules_ = std::move(*configured);
  return std::nullopt;
}

/// An epoch that was begun before this start is told first, and what this start has found is told by the next one.
bool Session::tells_more() const {
  return !facts_.missed_tables.empty() && facts_.checkpoint && facts_.checkpoint->pending_epoch_start;
}

/// Of a table of which the start has found no cascading key. Nothing: it is there no longer.
std::optional<std::vector<CascadingKey>> Session::keys_of(const std::string& table) {
  const auto dot = table.find('.');
  auto keys =
      read_cascades_of(*control_, std::string_view(table).substr(0, dot), std::string_view(table).substr(dot + 1));
  return keys ? std::move(*keys) : std::vector<CascadingKey>();
}

/// The checkpoint's and the source's, which was asked before its position was: both count as KnownCascades says.
void Session::know_cascades() {
  change::Checkpoint& checkpoint = plan_.checkpoint;
  const bool logs = logs_cascades(server_);
  const bool kept_none =
      !checkpoint.logs_cascades && checkpoint.cascades.empty() && !checkpoint.numbering.cascade_groups.empty();
  if (facts_.missed_tables.empty() || (plan_.kind == ResumePlan::Kind::kBeginEpoch && !tells_more())) {
    if (logs) checkpoint.cascades.clear();
    checkpoint.logs_cascades = logs;
  }
  cascades_ = KnownCascades(checkpoint.cascades, facts_.executed,
                            [this](const std::string& table) { return is_captured(table, *rules_); });
  if (logs) return;
  std::map<std::string, std::optional<std::vector<CascadingKey>>> answers;
  for (const CascadingKey& key : keys_) {
    auto& answer = answers[key.tie.child];
    if (!answer) answer.emplace();
    answer->push_back(key);
  }
  for (const std::string& child : cascades_.children())
    if (!answers.contains(child)) answers.emplace(child, keys_of(child));
  for (const auto& [child, keys] : answers) cascades_.take_answer(child, keys, facts_.executed);
  // At a first start, and behind a capture that kept none.
  if (!facts_.checkpoint || kept_none || logged_until_now_) {
    cascades_.begin();
    checkpoint.keys_known_from = facts_.executed.to_string();
  }
  if (const auto position = OriginPosition::parse(checkpoint.position)) cascades_.reached(*position);
  checkpoint.cascades = cascades_.all();
}

Session::Failure Session::set_up_topics() {
  const change::Numbering* checkpointed = facts_.checkpoint ? &facts_.checkpoint->numbering : nullptr;
  if (checkpointed != nullptr)
    if (auto sentence = refuse_renumbering(*checkpointed, facts_.configured))
      return SessionEnd{EndKind::kMisconfigured, *sentence};
  return set_up_change_topics(*admin_, settings_.origin, facts_.configured, checkpointed, settings_.topics,
                              events_.warning);
}

Session::Failure Session::plan() {
  if (auto failure = read_tails(facts_.checkpoint ? facts_.checkpoint->numbering : facts_.configured)) return failure;
  if (facts_.rebuild_checkpoint && (!facts_.checkpoint || checkpoint_is_behind(*facts_.checkpoint, facts_.tails))) {
    facts_.checkpoint.reset();
    if (auto failure = read_statements()) return failure;
  }
  if (auto failure = read_source_position()) return failure;
  if (facts_.checkpoint && settings_.from_is_asked_for)
    events_.warning(fmt::format(
        "--from {} counts for a first start only, and origin {} has a checkpoint: it is passed over, and capture goes "
        "on "
        "from {} (epoch {}); to begin anew: `farshorectl origin reset --origin {}`, here and where it is applied",
        settings_.from, settings_.origin, facts_.checkpoint->position, facts_.checkpoint->id.epoch.raw(),
        settings_.origin));
  plan_ = plan_resume(facts_);
  // What the source has executed may run behind what was sent from its binlog.
  auto lacked_since = std::chrono::steady_clock::now();
  bool said = false;
  while (plan_.kind == ResumePlan::Kind::kRefuse && plan_.retry != ResumePlan::Retry::kNever) {
    const bool briefly = plan_.retry == ResumePlan::Retry::kBriefly;
    if (std::chrono::steady_clock::now() - lacked_since >= (briefly ? kSourceLackedMax : kSourceLackedFirst)) break;
    std::this_thread::sleep_for(kSourcePositionPause);
    if (ending_.ended()) return std::nullopt;
    events_.beat();
    const OriginPosition before = facts_.executed;
    if (auto failure = read_source_position()) return failure;
    plan_ = plan_resume(facts_);
    // Transactions are executed in the binlog's order: while what is lacking waits, nothing moves.
    if (server_.kind != ServerKind::kMysql || facts_.executed != before) continue;
    const auto waits = mysql::waits_for_replicas(*control_);
    if (!waits) return end_of(waits.error(), settings_.source);
    if (!*waits) continue;
    lacked_since = std::chrono::steady_clock::now();
    if (!said)
      events_.warning("the source's transactions wait for a semi-synchronous replica; capture waits with them");
    said = true;
  }
  for (const std::string& warning : plan_.warnings) events_.warning(warning);
  if (plan_.kind == ResumePlan::Kind::kRefuse)
    return SessionEnd{plan_.retry == ResumePlan::Retry::kAlways ? EndKind::kStopRetried : EndKind::kStop,
                      plan_.sentence};
  return std::nullopt;
}

Session::Failure Session::read_tails(const change::Numbering& numbering) {
  facts_.tails.clear();
  const Partitions partitions(numbering);
  // A topic just made may have no leader yet.
  const auto deadline = std::chrono::steady_clock::now() + kKafkaTimeout;
  for (std::uint32_t i = 0; i < partitions.count();) {
    const KafkaOffset from = facts_.checkpoint ? facts_.checkpoint->partitions[i].kafka_offset : kafka::kBeginning;
    auto tail =
        read_tail(*tail_reader_, settings_.origin, partitions.stream_name(Slot(i)), partitions.place(Slot(i)).partition,
                  from, facts_.checkpoint ? TailExtent::kWhole : TailExtent::kBoundsOnly);
    if (!tail && (!tail.error().retry() || std::chrono::steady_clock::now() > deadline || ending_.ended()))
      return capture::end_of(tail.error(), "what is published cannot be read");
    if (!tail) {
      std::this_thread::sleep_for(kLeaderPause);
      continue;
    }
    facts_.tails.push_back(std::move(*tail));
    ++i;
  }
  return std::nullopt;
}

Session::Failure Session::read_statements() {
  facts_.tails.clear();
  facts_.statements.clear();
  const Partitions partitions(facts_.configured);
  for (std::uint32_t i = 0; i < partitions.count(); ++i) {
    auto found = read_tail_with_statement(*tail_reader_, settings_.origin, partitions.stream_name(Slot(i)),
                                          partitions.place(Slot(i)).partition);
    if (!found) return capture::end_of(found.error(), "what is published cannot be read");
    facts_.tails.push_back(std::move(found->tail));
    facts_.statements.push_back(std::move(found->statement));
  }
  return std::nullopt;
}

Session::Failure Session::read_source_position() {
  const auto text = mysql::read_executed_position(*control_, server_.kind);
  if (!text) return end_of(text.error(), settings_.source);
  auto executed = OriginPosition::parse(*text);
  if (!executed)
    return SessionEnd{EndKind::kStop, fmt::format("the source's binlog position is not understood: '{}'", *text)};
  facts_.executed = std::move(*executed);
  auto earliest = earliest_position(*control_, server_.kind);
  if (!earliest) return end_of(earliest.error(), settings_.source);
  facts_.earliest = std::move(*earliest);
  auto from = parse_start(settings_.from);
  if (!from)
    return SessionEnd{EndKind::kMisconfigured,
                      fmt::format("--from {} is not 'end', 'earliest' or a GTID position", settings_.from)};
  facts_.from = std::move(*from);
  return std::nullopt;
}

Session::Failure Session::make_publisher() {
  partitions_ = Partitions(plan_.checkpoint.numbering);
  auto publisher = Publisher::create(cluster_, settings_.producer,
                                     {.origin = settings_.origin,
                                      .partitions = partitions_,
                                      .ending = ending_,
                                      .metrics = metrics_,
                                      .on_silence = events_.kafka_silent,
                                      .beat = events_.beat});
  if (!publisher) return capture::end_of(publisher.error(), "Kafka's producer cannot be made");
  publisher_ = std::move(*publisher);
  auto& writers = publisher_->writers();
  for (std::size_t i = 0; i < writers.size(); ++i)
    writers[i].start(plan_.checkpoint.id, plan_.checkpoint.partitions[i].next_seq,
                     plan_.published.empty() ? PublishedEnd{} : plan_.published[i]);
  metrics_.epoch.store(plan_.checkpoint.id.epoch.raw());
  return std::nullopt;
}

/// An epoch is written down before its start records are sent, and once more when they are acknowledged: whoever is
/// killed between the two repeats them.
Session::Failure Session::begin_epoch() {
  know_cascades();
  if (plan_.kind != ResumePlan::Kind::kBeginEpoch) return make_publisher();
  auto rules = change::TableRules::from_numbering(plan_.checkpoint.numbering);
  if (!rules) return SessionEnd{EndKind::kStop, "the numbering cannot be understood: " + rules.error()};
  rules_ = std::move(*rules);
  if (!facts_.checkpoint)
    if (const auto sentence = warn_of_rows_there(*control_, *rules_)) events_.warning(*sentence);
  const Partitions partitions(plan_.checkpoint.numbering);
  plan_.tail_ends.clear();
  for (std::uint32_t i = 0; i < partitions.count(); ++i) {
    const auto range = admin_->offsets(
        {change_topic(settings_.origin, partitions.stream_name(Slot(i))), partitions.place(Slot(i)).partition},
        kKafkaTimeout);
    if (!range) return capture::end_of(range.error(), "the ends of the change topics cannot be read");
    plan_.checkpoint.partitions[i].kafka_offset = range->high;
    plan_.tail_ends.push_back(range->high);
  }
  if (!checkpoints_->write(plan_.checkpoint)) return std::nullopt;
  if (!unseen_.empty()) return SessionEnd{EndKind::kMisconfigured, unseen_};
  if (auto failure = make_publisher()) return failure;
  const change::EpochStart start = *plan_.checkpoint.pending_epoch_start;
  publisher_->send_epoch_start(start);
  if (!publisher_->wait_acknowledged()) return std::nullopt;
  plan_.checkpoint.pending_epoch_start.reset();
  plan_.checkpoint.changed_unseen.clear();
  if (!checkpoints_->write(plan_.checkpoint)) return std::nullopt;
  plan_.published.clear();
  events_.information(
      fmt::format("epoch {} begins at {} ({})", plan_.checkpoint.id.epoch.raw(), start.begins_at, start.reason));
  if (tells_more()) return SessionEnd{EndKind::kRenumber, facts_.missed_why};
  // An epoch that was begun before this start: the numbering may have become another one since.
  if (plan_.checkpoint.numbering != facts_.configured)
    return SessionEnd{EndKind::kRenumber, "the configuration changed while an epoch began"};
  return std::nullopt;
}

/// For clients of which only the session's thread makes use: what they wait for, they wait for with a beat.
kafka::ClusterSettings Session::beating_cluster() const {
  kafka::ClusterSettings cluster = cluster_;
  cluster.give_up = [this] {
    events_.beat();
    return ending_.ended();
  };
  return cluster;
}

void Session::set_reading(binlog::BinlogStream* stream) {
  const std::lock_guard lock(reading_mutex_);
  reading_ = stream;
}

/// By a session of its own, opened when first needed: the one of the start may be closed by the server by then.
std::expected<KeysAnswer, SessionEnd> Session::ask_keys(std::optional<mysql::Connection>& connection,
                                                        std::string_view schema, std::string_view table) {
  constexpr int kTries = 2;  // the server ends sessions that are silent for long
  for (int i = 1;; ++i) {
    if (!connection || connection->lost()) {
      mysql::SessionSettings session;
      session.program_name = "farshore capture keys";
      auto opened = mysql::Connection::open(settings_.source, session);
      if (!opened) return std::unexpected(end_of(opened.error(), settings_.source));
      connection.emplace(std::move(*opened));
    }
    auto answer = read_keys_answer(*connection, server_.kind, schema, table);
    // What is only read again under the old numbering is published, and the table may be left out behind it.
    const bool captured = rules_->route(schema, table).captured;
    const bool may_come = plan_.kind != ResumePlan::Kind::kContinueToTails && captured;
    if (answer && answer->keys && server_.kind == ServerKind::kMariadb && may_come) {
      const auto versioned = is_versioned(*connection, schema, table);
      if (!versioned)
        answer = std::unexpected(versioned.error());
      else if (*versioned)
        return std::unexpected(SessionEnd{EndKind::kStop, versioning_sentence({fmt::format("{}.{}", schema, table)})});
    }
    events_.beat();
    if (answer) return std::move(*answer);
    const mysql::SqlError& error = answer.error();
    if (error.kind == mysql::SqlErrorKind::kConnectionLost && i < kTries && !ending_.ended()) continue;
    if (mysql::is_transient(error.kind)) return std::unexpected(end_of(error, settings_.source));
    if (!captured) return KeysAnswer{.keys = std::nullopt, .executed = facts_.executed};
    return std::unexpected(SessionEnd{
        EndKind::kStopRetried,
        fmt::format("the foreign keys of table {}.{} cannot be read, and a cascade that the source does not log could "
                    "pass unnoticed: {}; GRANT SELECT ON *.* to capture's account, or leave the table out of every "
                    "stream",
                    schema, table, error.to_string())});
  }
}

Session::Failure Session::publish() {
  FARSHORE_CHECK(rules_ && control_ && watch_ && checkpoints_ && publisher_);
  FARSHORE_CHECK(plan_.kind != ResumePlan::Kind::kRefuse && !plan_.checkpoint.pending_epoch_start, plan_.kind);
  const change::Checkpoint& checkpoint = plan_.checkpoint;
  const std::string& begin = plan_.skips_history_check ? checkpoint.position : checkpoint.position_before_last;
  SourceHistory history(*OriginPosition::parse(begin), plan_.skips_history_check ? std::nullopt : checkpoint.last);
  ServerRoles::Lists lists{
      .identity = server_.uuid, .own = rules_->own_servers(), .foreign = settings_.foreign_servers};
  // Transactions of a replication group bear its name, whichever member wrote them.
  if (const auto group = server_.variable("group_replication_group_name"); !group.empty())
    lists.own.emplace_back(group);
  const auto servers = ServerRoles::make(server_.kind, lists);
  if (!servers) return SessionEnd{EndKind::kMisconfigured, servers.error()};
  binlog::StreamOptions options;
  options.server_id = settings_.server_id;
  options.source_identity = server_.uuid;
  options.heartbeat = settings_.heartbeat_interval;
  options.read_timeout = settings_.source_timeout;
  options.event_bytes_max = settings_.event_bytes_max;
  auto stream = binlog::BinlogStream::open(settings_.source, server_.kind, history.position(), options);
  if (!stream)
    return SessionEnd{stream.error().retry() ? EndKind::kRetry : EndKind::kStopRetried,
                      "the source's binlog: " + stream.error().message};
  set_reading(stream->get());
  binlog::EventDecoder decoder(server_.kind);
  decoder.set_table_filter(
      [this](std::string_view schema, std::string_view table) { return rules_->route(schema, table).captured; });
  KeyShapes shapes(checkpoint.known_keys);
  KeyShapes* const kept_shapes = change::keeps_key_shapes(checkpoint.numbering) ? &shapes : nullptr;
  RowRouter router(*rules_, partitions_, server_.kind, kept_shapes);
  Numberer numberer(router, publisher_->writers(),
                    {.batch_bytes = settings_.batch_bytes, .row_bytes_max = settings_.row_bytes_max},
                    [this](Slot slot) { publisher_->send(slot); });
  CheckpointCut cut(checkpoint, plan_.tail_ends, publisher_->writers(), publisher_->acknowledgements(), kept_shapes,
                    &cascades_);
  std::optional<mysql::Connection> questions;
  Pipeline pipeline({.stream = **stream,
                     .decoder = decoder,
                     .history = history,
                     .servers = *servers,
                     .rules = *rules_,
                     .cascades = cascades_,
                     .router = router,
                     .numberer = numberer,
                     .publisher = *publisher_,
                     .watch = *watch_,
                     .cut = cut,
                     .checkpoints = *checkpoints_,
                     .ending = ending_,
                     .metrics = metrics_},
                    {.batch_linger = settings_.batch_linger,
                     .checkpoint_interval = settings_.checkpoint_interval,
                     .numbering = checkpoint.numbering,
                     .fresh = random_incarnation(),
                     .told_statement = checkpoint.told_statement,
                     .keys_known_from = OriginPosition::parse(checkpoint.keys_known_from),
                     .logs_cascades = logs_cascades(server_),
                     .folds_names = server_.variable("lower_case_table_names") != "0",
                     .ignores_inline_keys = server_.kind == ServerKind::kMysql && !server_.is_at_least(9, 0),
                     .stops_at_tails = plan_.kind == ResumePlan::Kind::kContinueToTails,
                     .warning = events_.warning,
                     .ask_keys = [&](auto schema, auto table) { return ask_keys(questions, schema, table); },
                     .on_withheld = events_.withheld,
                     .on_begun = [&] { events_.capturing(checkpoint.id.epoch); }});
  pipeline.run();
  set_reading(nullptr);
  return std::nullopt;
}

}  // namespace farshore::capture
