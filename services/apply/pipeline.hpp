#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "apply/outcome.hpp"
#include "apply/work_set_writer.hpp"
#include "base/mutex.hpp"
#include "kafka/topic_partition.hpp"
#include "services/apply/apply_metrics.hpp"
#include "services/apply/feed.hpp"
#include "services/apply/feeds.hpp"
#include "services/apply/handoff.hpp"
#include "services/apply/record_source.hpp"

namespace farshore::apply {

struct PipelineSettings {
  std::size_t work_set_rows = 2000;
  std::size_t work_set_bytes = 4 * 1024 * 1024;
  std::chrono::milliseconds linger{5};  ///< least time between two work sets that are not full
  WholeTransaction whole_transaction;
  std::chrono::milliseconds retry_interval{10'000};
};

/// A partition as the group gives it.
struct Assigned {
  kafka::TopicPartition source;
  store::PartitionKey key;
  std::string topic_id;
  std::uint64_t generation = 0;
};

/// One worker: some partitions, two threads, one session with the target. gather() and write() are the threads'
/// functions; assign(), revoke(), status() are for the service's own thread.
class Pipeline {
 public:
  /// Borrows the records' source, the writer and the metrics.
  Pipeline(RecordSource& records, WorkSetWriter& writer, ApplyMetrics& metrics, const PipelineSettings& settings);

  void gather(const std::stop_token& stop);
  void write(const std::stop_token& stop);

  void assign(std::vector<Assigned> partitions);
  /// Returns when the partitions are let go: what was under way is written, or given up; at the latest after `timeout`
  /// (a writer that is then still at it finds that the progress has moved).
  void revoke(const std::vector<kafka::TopicPartition>& partitions, std::chrono::milliseconds timeout);
  [[nodiscard]] std::vector<PartitionStatus> status() const;
  /// Grows as long as the gathering thread goes round.
  [[nodiscard]] std::uint64_t rounds() const { return round_.load(std::memory_order_relaxed); }
  /// Of the work set that is being gathered.
  [[nodiscard]] std::uint64_t gathered_bytes() const { return gathered_bytes_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Revoked {
    kafka::TopicPartition source;
  };
  using Command = std::variant<Assigned, Revoked>;

  void follow_assignment();
  void settle_outcomes();
  void settle(const Outcome& outcome);
  void settle(Feed& feed, const Loaded& loaded);
  void settle(Feed& feed, const NotLoaded& not_loaded);
  void settle(Feed& feed, const Applied& applied);
  void settle(Feed& feed, const Suspended& suspended);
  void settle(Feed& feed, const Lost& lost);
  void settle(Feed& feed, const WaitsAtBarrier& waits);
  void settle(Feed& feed, const BarrierPassed& passed);
  void settle(Feed& feed, const ParkedRetried& retried);
  void consume();
  void gather_record(Arrival arrival);
  void on_error(Feed& feed, Feed::Source& source, const kafka::KafkaError& error);
  void observe(Feed& feed, const ReadBatch& batch, const Intake& intake);
  void on_gap(Feed& feed, Feed::Source& source);
  static void count_mismatches(Feed& feed, const MismatchCounts& counts);
  void wait(Feed& feed, store::PartitionState state, std::string reason);
  void say_stands(Feed& feed, store::PartitionState state, const std::string& reason);
  void say_goes_on(Feed& feed);
  void pause(const Feed& feed);
  bool go_to(Feed& feed, Feed::Source& source, KafkaOffset offset);
  void load_what_is_due();
  void ask_to_load(Feed& feed);
  [[nodiscard]] bool steps() const;
  void release_what_is_owed();
  [[nodiscard]] bool is_full() const;
  void hand_over();
  void publish_status();

  RecordSource& records_;
  WorkSetWriter& writer_;
  ApplyMetrics& metrics_;
  const PipelineSettings settings_;
  Handoff handoff_;

  // The gathering thread's:
  Feeds feeds_;
  Job job_;
  bool job_is_a_step_ = false;  ///< what it has is to go alone
  std::uint64_t loads_ = 0;
  change::TableCache tables_;
  std::vector<Arrival> arrivals_;
  std::vector<Outcome> outcomes_;
  std::vector<RecordSource::NextOffset> display_;
  Clock::time_point handed_over_;
  Clock::time_point displayed_;
  Clock::time_point published_;

  std::atomic<std::uint64_t> round_{0};
  std::atomic<std::uint64_t> gathered_bytes_{0};

  mutable Mutex mutex_;
  ConditionVariable released_;
  std::vector<Command> commands_ GUARDED_BY(mutex_);
  std::uint64_t releases_asked_ GUARDED_BY(mutex_) = 0;
  std::uint64_t releases_done_ GUARDED_BY(mutex_) = 0;
  std::vector<PartitionStatus> status_ GUARDED_BY(mutex_);
  std::map<store::PartitionKey, std::uint64_t> parked_ GUARDED_BY(mutex_);
};

}  // namespace farshore::apply
