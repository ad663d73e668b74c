#include "services/apply/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "services/telemetry/log.hpp"

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Mode = Feed::Mode;

constexpr milliseconds kIdleWait{100};
constexpr milliseconds kWriterWait{100};
constexpr milliseconds kWriterPause{10};  // while somebody waits for the next answer
constexpr milliseconds kFirstRetry{250};
constexpr std::size_t kRecordsAtOnce = 2;
constexpr auto kDisplayEvery = 1s;
constexpr auto kStatusEvery = 100ms;

double seconds_since(LocalTime then) { return std::chrono::duration<double>(local_now() - then).count(); }

}  // namespace

// Records in, work sets out. While the writer commits one work set, the next is gathered.
void Pipeline::gather(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    settle_outcomes();
    follow_assignment();
    load_what_is_due();
    release_what_is_owed();
    consume();
    round_.fetch_add(1, std::memory_order_relaxed);
    for (Arrival& arrival : arrivals_) gather_record(std::move(arrival));
    arrivals_.clear();
    gathered_bytes_.store(job_.set.bytes(), std::memory_order_relaxed);
    if (!job_.empty() && (handoff_.is_idle() || is_full())) hand_over();
    publish_status();
  }
  // Records go before their source does.
  job_.clear();
  feeds_.clear();
}

// Work sets in, transactions out: bind to the target's tables, write progress and rows, commit.
void Pipeline::write(const std::stop_token& stop) {
  std::vector<Outcome> outcomes;
  while (!stop.stop_requested()) {
    Job* const job = handoff_.wait(writer_.expects_request() ? kWriterPause : kWriterWait);
    if (job != nullptr) {
      if (!job->set.empty()) {
        metrics_.counts().work_set_rows.observe(job->set.rows());
        metrics_.counts().work_set_bytes.observe(job->set.bytes());
        writer_.write(job->set, outcomes, stop);
      }
      for (const store::PartitionKey& key : job->releases) writer_.release(key);
      if (!job->releases.empty()) {
        const MutexLock lock(mutex_);
        releases_done_ += job->releases.size();
        released_.notify_all();
      }
      writer_.load(job->loads, outcomes, stop);
    }
    writer_.tick(outcomes, stop);
    {
      const MutexLock lock(mutex_);
      for (const Outcome& outcome : outcomes) parked_[key_of(outcome)] = writer_.parked(key_of(outcome));
    }
    handoff_.answer(outcomes, job != nullptr);
  }
}

Pipeline::Pipeline(RecordSource& records, WorkSetWriter& writer, ApplyMetrics& metrics,
                   const PipelineSettings& settings)
    : records_(records), writer_(writer), metrics_(metrics), settings_(settings), handoff_([this] {
        records_.wake();
      }) {}

// --- what the group gives and takes

void Pipeline::assign(std::vector<Assigned> partitions) {
  {
    const MutexLock lock(mutex_);
    std::ranges::move(partitions, std::back_inserter(commands_));
  }
  records_.wake();
}

void Pipeline::revoke(const std::vector<kafka::TopicPartition>& partitions, milliseconds timeout) {
  const MutexLock lock(mutex_);
  for (const kafka::TopicPartition& source : partitions) commands_.emplace_back(Revoked{source});
  releases_asked_ += partitions.size();
  const std::uint64_t wanted = releases_asked_;
  records_.wake();
  released_.wait_for(mutex_, timeout, [&]() REQUIRES(mutex_) { return releases_done_ >= wanted; });
}

void Pipeline::follow_assignment() {
  std::vector<Command> commands;
  {
    const MutexLock lock(mutex_);
    commands.swap(commands_);
  }
  for (Command& command : commands) {
    if (auto* const assigned = std::get_if<Assigned>(&command)) {
      Feed feed;
      feed.counts = &metrics_.stream(assigned->key.origin, assigned->key.stream);
      feed.key = std::move(assigned->key);
      feed.sources.push_back({.place = std::move(assigned->source),
                              .topic_id = std::move(assigned->topic_id),
                              .generation = assigned->generation});
      ask_to_load(feed);
      feeds_.put(std::move(feed));
      continue;
    }
    const auto found = feeds_.find(std::get<Revoked>(command).source);
    if (!found) {
      const MutexLock lock(mutex_);
      ++releases_done_;
      released_.notify_all();
      continue;
    }
    const store::PartitionKey key = found->feed.key;
    std::erase_if(job_.loads, [&](const LoadRequest& request) { return request.key == key; });
    job_.releases.push_back(key);
    feeds_.erase(key);
  }
}

// --- what became of earlier work sets

void Pipeline::settle_outcomes() {
  handoff_.take_outcomes(outcomes_);
  for (const Outcome& outcome : outcomes_) settle(outcome);
  if (display_.empty() || Clock::now() - displayed_ < kDisplayEvery) return;
  records_.commit_for_display(display_);
  display_.clear();
  displayed_ = Clock::now();
}

void Pipeline::settle(const Outcome& outcome) {
  Feed* const feed = feeds_.find(key_of(outcome));
  if (feed == nullptr) return;
  std::visit([&](const auto& what) { settle(*feed, what); }, outcome);
}

void Pipeline::settle(Feed& feed, const Loaded& loaded) {
  if (!feed.awaits(loaded.load)) return;
  feed.intake.emplace(loaded.row, settings_.whole_transaction);
  feed.intake->keep_apart(feed.steps_left > 0);
  feed.timings.clear();
  Feed::Source& source = feed.stored_source();
  const std::optional<KafkaOffset> offset = loaded.offset ? loaded.offset : source.applied_to;
  source.search = Search();
  if (!offset) source.search.begin();
  if (go_to(feed, source, offset.value_or(kafka::kBeginning))) feed.mode = Mode::kRunning;
}

void Pipeline::settle(Feed& feed, const NotLoaded& not_loaded) {
  if (feed.awaits(not_loaded.load)) wait(feed, store::PartitionState::kApplying, not_loaded.reason);
}

void Pipeline::settle(Feed& feed, const Suspended& suspended) { wait(feed, suspended.row.state, suspended.row.reason); }

void Pipeline::settle(Feed& feed, const Lost& lost) { wait(feed, store::PartitionState::kApplying, lost.reason); }

void Pipeline::settle(Feed& feed, const WaitsAtBarrier& waits) {
  if (feed.mode != Mode::kAtBarrier) return;
  say_stands(feed, waits.row.state, waits.row.reason);
  feed.intake->note_wait(waits.row);
}

void Pipeline::settle(Feed& feed, const BarrierPassed& passed) {
  if (feed.mode != Mode::kAtBarrier) return;
  service::log_info("the partition enters an epoch", {{"origin", feed.key.origin},
                                                      {"stream", feed.key.stream},
                                                      {"partition", feed.key.partition.raw()},
                                                      {"epoch", passed.row.epoch.epoch.raw()}});
  FARSHORE_CHECK(feed.intake.has_value(), feed.key.to_string());
  feed.said.clear();
  feed.intake->pass_barrier(passed.row);
  feed.timings.clear();  // their numbers were the old epoch's
  const bool all_go = std::ranges::all_of(
      feed.sources, [&](Feed::Source& source) { return go_to(feed, source, source.barrier_offset.next()); });
  if (all_go) feed.mode = Mode::kRunning;
}

void Pipeline::settle(Feed& feed, const ParkedRetried& retried) { count_mismatches(feed, retried.mismatches); }

void Pipeline::count_mismatches(Feed& feed, const MismatchCounts& counts) {
  for (std::size_t i = 0; i < kMismatches; ++i) feed.counts->mismatches.add(static_cast<Mismatch>(i), counts[i]);
}

void Pipeline::settle(Feed& feed, const Applied& applied) {
  feed.counts->applied_rows.add(applied.rows);
  feed.counts->written_rows.add(applied.counts.written);
  feed.counts->parkings.add(applied.counts.parked);
  feed.counts->conflicts.add(applied.counts.conflicts);
  count_mismatches(feed, applied.counts.mismatches);
  if (applied.row.commit_time != SourceTime()) feed.counts->commit.set(applied.row.commit_time);
  while (!feed.timings.empty() && feed.timings.front().last <= applied.row.seq) {
    feed.counts->apply_latency.observe(seconds_since(feed.timings.front().received_at));
    feed.counts->end_to_end_latency.observe(seconds_since(feed.timings.front().commit_time));
    feed.timings.pop_front();
  }
  if (feed.intake && feed.intake->row().state == store::PartitionState::kApplying) {
    feed.retry_wait = 0ms;
    say_goes_on(feed);
  }
  if (!applied.offset) return;
  Feed::Source& source = feed.stored_source();
  source.applied_to = applied.offset;
  display_.push_back({.partition = source.place, .offset = *applied.offset});
}

// --- records

void Pipeline::consume() {
  if (is_full()) return;  // the writer is behind: what is fetched waits in the queue, which is bounded
  const bool idle = job_.empty();
  const auto since = std::chrono::duration_cast<milliseconds>(Clock::now() - handed_over_);
  milliseconds wait = kIdleWait;
  if (!idle && handoff_.is_idle()) wait = std::max(0ms, settings_.linger - since);
  records_.consume(arrivals_, steps() ? 1 : kRecordsAtOnce, wait);
}

void Pipeline::gather_record(Arrival arrival) {
  const auto found = feeds_.find(arrival.place);
  if (!found) return;
  auto& [feed, source] = *found;
  if (feed.mode != Mode::kRunning || arrival.generation != source.generation || source.ignore_round == rounds()) return;
  if (!arrival.record) return on_error(feed, source, arrival.record.error());

  FARSHORE_CHECK(feed.intake.has_value(), feed.key.to_string());
  const AtHand at_hand([&] {
    return fmt::format("partition {} after offset {}", feed.key.to_string(),
                       source.applied_to ? source.applied_to->raw() : -1);
  });
  const std::shared_ptr<ReadBatch> batch = *std::move(arrival.record);
  const Intake intake = feed.intake->take(batch, tables_, job_.set);
  observe(feed, *batch, intake);
  switch (intake.step) {
    case Intake::Step::kDropped: return;
    case Intake::Step::kGathered:
      if (intake.rows == intake.duplicates) return;
      if (feed.steps_left > 0) {
        job_is_a_step_ = true;
        feed.intake->keep_apart(--feed.steps_left > 0);
      }
      source.search = Search();
      return;
    case Intake::Step::kGap: return on_gap(feed, source);
    case Intake::Step::kBarrier:
      source.barrier_offset = batch->offset;
      feed.mode = Mode::kAtBarrier;
      pause(feed);
      return;
    case Intake::Step::kRefused:
      // A first epoch may begin further on: what it needs is looked for, record by record.
      if (feed.intake->row().state == store::PartitionState::kNeedsSnapshot) return;
      return wait(feed, feed.intake->row().state, feed.intake->row().reason);
  }
}

void Pipeline::observe(Feed& feed, const ReadBatch& batch, const Intake& intake) {
  feed.counts->received_rows.add(intake.rows);
  feed.counts->duplicate_rows.add(intake.duplicates);
  feed.counts->received_bytes.add(batch.value.size() + batch.header.size());
  feed.counts->received_batches.add();
  if (intake.step != Intake::Step::kGathered || intake.rows == intake.duplicates) return;
  const change::Batch& read = batch.batch;
  feed.counts->mirror_latency.observe(seconds_since(read.header().published_at));
  feed.timings.push_back({.last = read.header().last_seq(),
                          .received_at = batch.received_at,
                          .commit_time = read.transaction_of(read.changes().back()).commit_time});
}

void Pipeline::on_gap(Feed& feed, Feed::Source& source) {
  if (!source.search.begins_at_gap(Clock::now(), settings_.retry_interval)) return;
  say_stands(feed, feed.intake->row().state, feed.intake->row().reason);
  (void)go_to(feed, source, kafka::kBeginning);
}

void Pipeline::on_error(Feed& feed, Feed::Source& source, const kafka::KafkaError& error) {
  if (error.kind == kafka::KafkaError::Kind::kOffsetOutOfRange) {
    source.search.begin();
    (void)go_to(feed, source, kafka::kBeginning);
    return;
  }
  wait(feed, store::PartitionState::kApplying, error.message);
}

// --- standing still and going on

void Pipeline::pause(const Feed& feed) {
  for (const Feed::Source& source : feed.sources) records_.pause(source.place);
}

bool Pipeline::go_to(Feed& feed, Feed::Source& source, KafkaOffset offset) {
  source.ignore_round = rounds();
  const auto gone = records_.go_to(source.place, offset);
  if (!gone) wait(feed, store::PartitionState::kApplying, gone.error());
  return gone.has_value();
}

// One line when a partition stands, or stands for another reason, and one when it goes on.
void Pipeline::say_stands(Feed& feed, store::PartitionState state, const std::string& reason) {
  feed.state = state;
  feed.reason = reason;
  std::string said = std::string(to_string(state)) + ": " + reason;
  if (said == feed.said) return;
  feed.said = std::move(said);
  service::log_warn(reason, {{"origin", feed.key.origin},
                             {"stream", feed.key.stream},
                             {"partition", feed.key.partition.raw()},
                             {"state", to_string(state)}});
}

void Pipeline::say_goes_on(Feed& feed) {
  if (feed.said.empty()) return;
  feed.said.clear();
  service::log_info("the partition goes on", {{"origin", feed.key.origin},
                                              {"stream", feed.key.stream},
                                              {"partition", feed.key.partition.raw()},
                                              {"state", to_string(store::PartitionState::kApplying)}});
}

void Pipeline::wait(Feed& feed, store::PartitionState state, std::string reason) {
  say_stands(feed, state, reason);
  pause(feed);
  feed.mode = Mode::kWaiting;
  feed.state = state;
  feed.reason = std::move(reason);
  feed.intake.reset();
  if (state != store::PartitionState::kApplying) feed.steps_left = std::max(feed.steps_left, feed.timings.size());
  feed.timings.clear();
  feed.retry_wait = next_wait(feed.retry_wait, kFirstRetry, settings_.retry_interval);
  feed.retry_at = Clock::now() + feed.retry_wait;
}

void Pipeline::load_what_is_due() {
  const auto now = Clock::now();
  for (auto& [key, feed] : feeds_) {
    if (feed.mode != Mode::kWaiting || now < feed.retry_at) continue;
    ask_to_load(feed);
  }
}

void Pipeline::ask_to_load(Feed& feed) {
  feed.mode = Mode::kLoading;
  feed.load = ++loads_;
  job_.loads.push_back({.key = feed.key, .topic_id = feed.stored_source().topic_id, .number = feed.load});
}

// --- handing over

bool Pipeline::steps() const {
  return std::ranges::any_of(
      feeds_, [](const auto& entry) { return entry.second.mode == Mode::kRunning && entry.second.steps_left > 0; });
}

void Pipeline::release_what_is_owed() {
  for (auto& [key, feed] : feeds_)
    if (!is_full() && feed.mode == Mode::kRunning && feed.intake->owes()) {
      feed.intake->release(job_.set);
      job_is_a_step_ = true;
    }
}

bool Pipeline::is_full() const {
  if (job_is_a_step_ && job_.set.rows() > 0) return true;
  return job_.set.rows() >= settings_.work_set_rows || job_.set.bytes() >= settings_.work_set_bytes;
}

void Pipeline::hand_over() {
  const auto now = Clock::now();
  if (!is_full() && job_.loads.empty() && job_.releases.empty() && now - handed_over_ < settings_.linger) return;
  if (!handoff_.give(job_, kWriterWait)) return;
  handed_over_ = now;
  job_is_a_step_ = false;
}

void Pipeline::publish_status() {
  const auto now = Clock::now();
  if (now - published_ < kStatusEvery) return;
  published_ = now;
  std::vector<PartitionStatus> status;
  for (const auto& [key, feed] : feeds_) {
    PartitionStatus& partition = status.emplace_back();
    partition.key = key;
    partition.is_loaded = feed.intake.has_value();
    // One that stands is tried again from time to time: until something of it is applied, it stands.
    const bool is_tried =
        feed.intake && !feed.said.empty() && feed.intake->row().state == store::PartitionState::kApplying;
    const bool by_intake = feed.intake && !is_tried;
    partition.state = by_intake ? feed.intake->row().state : feed.state;
    partition.reason = by_intake ? feed.intake->row().reason : feed.reason;
  }
  const MutexLock lock(mutex_);
  status_ = std::move(status);
}

std::vector<PartitionStatus> Pipeline::status() const {
  const MutexLock lock(mutex_);
  std::vector<PartitionStatus> status = status_;
  for (PartitionStatus& partition : status) {
    const auto found = parked_.find(partition.key);
    if (found != parked_.end()) partition.parked = found->second;
  }
  return status;
}

}  // namespace farshore::apply
