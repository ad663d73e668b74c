#include "services/capture/session.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/check.hpp"
#include "capture/publish/numberer.hpp"
#include "capture/publish/row_router.hpp"
#include "capture/resume/checkpoint_cut.hpp"
#include "capture/source/server_roles.hpp"
#include "capture/source/source_history.hpp"
#include "services/capture/key_questions.hpp"
#include "services/capture/pipeline.hpp"

namespace farshore::capture {

Session::Session(const CaptureSettings& settings, const SessionEvents& events, Counts& counts)
    : settings_(settings),
      events_(events),
      counts_(counts),
      cluster_(settings.cluster),
      start_{.settings = settings_, .events = events_, .cluster = cluster_, .ending = ending_} {
  cluster_.give_up = [this] { return ending_.ended(); };
  ending_.on_end([this] {
    const MutexLock lock(reading_mutex_);
    if (reading_ != nullptr) reading_->interrupt();
  });
}

Session::~Session() = default;

SessionEnd Session::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { ending_.end(EndKind::kShutdown, "asked to stop"); });
  if (const auto lived = live(); !lived && !ending_.ended()) {
    const SessionEnd& failure = lived.error();
    const std::string where =
        failure.by == EndedBy::kKafka ? fmt::format("Kafka (kafka.bootstrap {}): ", cluster_.bootstrap) : "";
    ending_.end(failure.kind, where + failure.sentence, failure.by);
  }
  return ending_.get();
}

/// A step of the way. None follows on it once the session has ended.
template <typename Step>
auto Session::next(Step step) -> decltype(step()) {
  events_.beat();
  auto result = step();
  if (ending_.ended()) return std::unexpected(ending_.get());
  return result;
}

Expected<void> Session::live() {
  auto seen = next([&] { return look_at_source(start_); });
  if (!seen) return std::unexpected(seen.error());
  auto source = next([&] { return hold_lease(std::move(*seen)); });
  if (!source) return std::unexpected(source.error());
  const SourceFacts& facts = source->facts;
  if (auto fenced = next([&] { return take_over_checkpoints(facts); }); !fenced) return fenced;
  const auto found = next([&] { return read_checkpoint(start_, kafka_); });
  if (!found) return std::unexpected(found.error());
  auto numbering = next([&] { return decide_numbering(start_, *source, *found, *checkpoints_); });
  if (!numbering) return std::unexpected(numbering.error());
  if (auto set_up = next([&] { return set_up_topics(start_, kafka_, *found, *numbering); }); !set_up) return set_up;
  auto planned = next([&] { return plan_start(start_, *source, kafka_, *found, *numbering); });
  if (!planned) return std::unexpected(planned.error());
  auto started = next([&] {
    auto begun = start_from(start_, *source, kafka_, std::move(*numbering), std::move(*planned));
    if (begun)
      if (auto failure = begin(*begun); !failure) return Expected<Started>(std::unexpected(failure.error()));
    return begun;
  });
  if (!started) return std::unexpected(started.error());
  return next([&] { return publish(facts, *started); });
}

// --- the lease -----------------------------------------------------------------------------------------------------

Expected<Source> Session::hold_lease(Source source) {
  auto lease = open_lease(start_);
  if (!lease) return std::unexpected(lease.error());
  lease_.emplace(std::move(*lease));
  const auto stood_by = take_lease(start_, *lease_);
  if (!stood_by) return std::unexpected(stood_by.error());
  if (*stood_by) {
    auto again = look_at_source(start_);
    if (!again) return again;
    source = std::move(*again);
  }
  watch(source.facts);
  return source;
}

void Session::watch(const SourceFacts& source) {
  if (!settings_.replicas.empty()) {
    replica_watch_ = std::make_unique<ReplicaWatch>(settings_.replicas);
    replica_thread_ = std::jthread([this](const std::stop_token& stop) { replica_watch_->run(stop); });
  }
  watch_ = std::make_unique<SourceWatch>(*lease_,
                                         SourceWatch::Settings{.kind = source.server.kind,
                                                               .identity = source.server.uuid,
                                                               .watermark_interval = settings_.watermark_interval,
                                                               .allowed_upstreams = settings_.allowed_upstreams,
                                                               .region = settings_.region,
                                                               .replicas = replica_watch_.get(),
                                                               .asks_for_keys = !logs_cascades(source.server)},
                                         ending_, counts_);
  watch_thread_ = std::jthread([this](const std::stop_token& stop) { watch_->run(stop); });
}

Expected<void> Session::take_over_checkpoints(const SourceFacts& source) {
  auto producer = fence_older_captures(start_, source, kafka_);
  if (!producer) return std::unexpected(producer.error());
  checkpoints_ =
      std::make_unique<CheckpointWriter>(std::move(*producer), checkpoint_topic(settings_.origin), ending_, counts_);
  checkpoint_thread_ = std::jthread([this](const std::stop_token& stop) { checkpoints_->run(stop); });
  return {};
}

// --- the epoch -----------------------------------------------------------------------------------------------------

Expected<void> Session::begin(Started& started) {
  if (started.plan.kind == ResumePlan::Kind::kBeginEpoch) return begin_epoch(started);
  return make_publisher(started.plan);
}

/// An epoch is written down before its start records are sent, and once more when they are acknowledged: whoever is
/// killed between the two repeats them.
Expected<void> Session::begin_epoch(Started& started) {
  ResumePlan& plan = started.plan;
  const auto ended = [&] { return std::unexpected(ending_.get()); };
  if (!checkpoints_->write(plan.checkpoint)) return ended();
  if (!started.unseen.empty()) return std::unexpected(SessionEnd{EndKind::kMisconfigured, started.unseen});
  if (auto made = make_publisher(plan); !made) return made;
  const change::EpochStart start = *plan.checkpoint.pending_epoch_start;
  publisher_->send_epoch_start(start);
  if (!publisher_->wait_acknowledged()) return ended();
  plan.checkpoint.pending_epoch_start.reset();
  plan.checkpoint.changed_unseen.clear();
  if (!checkpoints_->write(plan.checkpoint)) return ended();
  plan.published.clear();
  events_.information(fmt::format("epoch {} begins at {} ({})", plan.checkpoint.id.epoch.raw(),
                                  start.begins_at.to_string(), start.reason));
  if (const auto end = begins_another(started.facts, plan.checkpoint.numbering)) return std::unexpected(*end);
  return {};
}

Expected<void> Session::make_publisher(const ResumePlan& plan) {
  partitions_ = Partitions(plan.checkpoint.numbering);
  auto publisher = Publisher::create(cluster_, settings_.producer,
                                     {.origin = settings_.origin,
                                      .partitions = partitions_,
                                      .ending = ending_,
                                      .counts = counts_,
                                      .on_silence = events_.kafka_silent,
                                      .beat = events_.beat});
  if (!publisher) return std::unexpected(end_of(publisher.error(), "Kafka's producer cannot be made"));
  publisher_ = std::move(*publisher);
  auto& writers = publisher_->writers();
  for (std::size_t i = 0; i < writers.size(); ++i)
    writers[i].start(plan.checkpoint.id, plan.checkpoint.partitions[i].next_seq,
                     plan.published.empty() ? PublishedEnd{} : plan.published[i]);
  counts_.epoch.set(plan.checkpoint.id.epoch.raw());
  return {};
}

// --- publishing ----------------------------------------------------------------------------------------------------

void Session::set_reading(binlog::BinlogStream* stream) {
  const MutexLock lock(reading_mutex_);
  reading_ = stream;
}

binlog::StreamOptions Session::stream_options(const mysql::ServerInfo& server) const {
  binlog::StreamOptions options;
  options.server_id = settings_.server_id;
  options.source_identity = server.uuid;
  options.heartbeat = settings_.heartbeat_interval;
  options.read_timeout = settings_.source_timeout;
  options.event_bytes_max = settings_.event_bytes_max;
  return options;
}

Expected<void> Session::publish(const SourceFacts& source, Started& started) {
  const mysql::ServerInfo& server = source.server;
  const ResumePlan& plan = started.plan;
  const change::Checkpoint& checkpoint = plan.checkpoint;
  FARSHORE_CHECK(watch_ && checkpoints_ && publisher_);
  FARSHORE_CHECK(plan.kind != ResumePlan::Kind::kRefuse && !checkpoint.pending_epoch_start, plan.kind);
  const OriginPosition& begin = plan.skips_history_check ? checkpoint.position : checkpoint.position_before_last;
  SourceHistory history(begin, plan.skips_history_check ? std::nullopt : checkpoint.last);
  ServerRoles::Lists lists{
      .identity = server.uuid, .own = started.rules.own_servers(), .foreign = settings_.foreign_servers};
  if (plan.kind == ResumePlan::Kind::kContinueToTails) lists.soon_own = settings_.rules.own_servers();
  // Transactions of a replication group bear its name, whichever member wrote them.
  if (const auto group = server.variable("group_replication_group_name"); !group.empty()) lists.own.emplace_back(group);
  const auto servers = ServerRoles::make(server.kind, lists);
  if (!servers) return std::unexpected(SessionEnd{EndKind::kMisconfigured, servers.error()});
  auto stream = binlog::BinlogStream::open(settings_.source, server.kind, history.position(), stream_options(server));
  if (!stream)
    return std::unexpected(SessionEnd{stream.error().retry() ? EndKind::kRetry : EndKind::kStopRetried,
                                      "the source's binlog: " + stream.error().message});
  set_reading(stream->get());
  binlog::EventDecoder decoder(server.kind);
  decoder.set_table_filter(
      [&](std::string_view schema, std::string_view table) { return started.rules.route(schema, table).captured; });
  KeyShapes shapes(checkpoint.known_keys);
  KeyShapes* const kept_shapes = change::keeps_key_shapes(checkpoint.numbering) ? &shapes : nullptr;
  RowRouter router(started.rules, partitions_, server.kind, kept_shapes);
  Numberer numberer(publisher_->writers(),
                    {.batch_bytes = settings_.batch_bytes, .row_bytes_max = settings_.row_bytes_max},
                    [this](Slot slot) { publisher_->send(slot); });
  PreparedTransactions prepared(checkpoint.prepared);
  UncheckedChildren unchecked(server.kind, checkpoint.unchecked_children);
  CheckpointCut cut(checkpoint, plan.tail_ends, publisher_->writers(), publisher_->acknowledgements(), kept_shapes,
                    &started.cascades, &prepared, &unchecked);
  KeyQuestions questions(start_, started, server.kind);
  const EpochParts epoch{.decoder = decoder,
                         .history = history,
                         .rules = started.rules,
                         .cascades = started.cascades,
                         .router = router,
                         .numberer = numberer,
                         .publisher = *publisher_,
                         .watch = *watch_,
                         .cut = cut,
                         .checkpoints = *checkpoints_,
                         .ending = ending_};
  Pipeline pipeline({epoch, **stream, *servers, prepared, unchecked, counts_},
                    {.batch_linger = settings_.batch_linger,
                     .checkpoint_interval = settings_.checkpoint_interval,
                     .event_bytes_max = settings_.event_bytes_max,
                     .numbering = checkpoint.numbering,
                     .fresh = random_incarnation(),
                     .told_statement = checkpoint.told_statement,
                     .keys_known_from = checkpoint.keys_known_from,
                     .logs_cascades = logs_cascades(server),
                     .folds_names = server.variable("lower_case_table_names") != "0",
                     .ignores_inline_keys = server.kind == ServerKind::kMysql && !server.is_at_least(9, 0),
                     .stops_at_tails = plan.kind == ResumePlan::Kind::kContinueToTails,
                     .warning = events_.warning,
                     .ask_keys = [&](auto schema, auto table) { return questions.ask(schema, table); },
                     .on_withheld = events_.withheld,
                     .on_begun = [&] { events_.capturing(checkpoint.id.epoch); }});
  pipeline.run();
  set_reading(nullptr);
  return {};
}

}  // namespace farshore::capture
