#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/record.hpp"
#include "kafka/settings.hpp"
#include "kafka/topic_partition.hpp"

namespace farshore::kafka {

struct ConsumerLimits {
  std::size_t workers = 1;              ///< queues that partitions are spread over
  std::size_t queue_bytes = 1'048'576;  ///< fetched ahead, for each worker queue
  /// Asked for a partition in one fetch; a larger record still arrives. The broker fills it up with a piece of a
  /// record, which is dropped and asked for again: so it is many times a record.
  std::size_t fetch_bytes = 524'288;
  std::size_t fetch_total_bytes = 1'048'576;   ///< asked of a broker in one fetch
  std::size_t message_bytes_max = 10'485'760;  ///< the largest record that the topics allow
  std::chrono::milliseconds session_timeout{6'000};
  std::chrono::milliseconds poll_interval_max{300'000};
  std::chrono::milliseconds topic_refresh{2'000};  ///< how soon a new topic that matches is seen
  bool report_partition_end = false;               ///< Record::is_partition_end()
};

/// Where an assigned partition goes, and where it begins.
struct StartPoint {
  std::size_t worker = 0;
  /// kBeginning, or the next offset to read. None: it stays paused until it is sought and resumed.
  std::optional<KafkaOffset> offset;
};

/// Both are called on the thread that polls (or closes), never at the same time. While they run the group waits, for as
/// long as the poll interval allows.
struct RebalanceHandler {
  /// The partitions are ours under this generation: a StartPoint for each, in their order.
  std::function<std::vector<StartPoint>(const std::vector<TopicPartition>&, std::uint64_t generation)> on_assigned;
  /// The partitions stop being ours when this returns; finish or abandon what is under way. `lost`: they already belong
  /// to someone else.
  std::function<void(const std::vector<TopicPartition>&, bool lost)> on_revoked;
};

/// One worker's records, of all partitions that were given to it, in order within each. One consuming thread.
class WorkerQueue {
 public:
  ~WorkerQueue();
  WorkerQueue(const WorkerQueue&) = delete;
  WorkerQueue& operator=(const WorkerQueue&) = delete;

  /// Appends up to `max` records; waits up to `timeout` for the first and not for more.
  void consume(std::vector<Record>& out, std::size_t max, std::chrono::milliseconds timeout);
  /// Ends a consume() that is waiting. From any thread.
  void wake();

 private:
  friend class GroupConsumer;
  struct Impl;
  WorkerQueue();
  std::unique_ptr<Impl> impl_;
};

/// A member of a consumer group (range assignor) over topics that may come and go. The group only shares the partitions
/// out: where to read from is the caller's to say, and commits are for display. poll() and close() on one thread, which
/// must poll at least every poll_interval_max; seek(), pause(), resume() from any thread. Partitions survive broker
/// restarts.
class GroupConsumer {
 public:
  /// `topics`: names, or regular expressions that begin with '^'.
  [[nodiscard]] static std::expected<std::unique_ptr<GroupConsumer>, KafkaError> create(
      const ClusterSettings& settings, const std::string& group, const std::vector<std::string>& topics,
      const ConsumerLimits& limits, RebalanceHandler handler);
  /// Closes if close() was not called.
  ~GroupConsumer();
  GroupConsumer(const GroupConsumer&) = delete;
  GroupConsumer& operator=(const GroupConsumer&) = delete;

  [[nodiscard]] WorkerQueue& queue(std::size_t worker);

  /// Serves rebalances; waits up to `timeout`. An error is one of the consumer as a whole (unreachable, denied, fatal).
  [[nodiscard]] std::optional<KafkaError> poll(std::chrono::milliseconds timeout);
  /// Leaves the group: on_revoked is called here for what is still assigned, so workers must still run. Idempotent.
  /// Every Record must be destroyed before the consumer is.
  void close();

  /// Records already fetched and not yet consumed are dropped; the next one is that at `offset`. Only for assigned
  /// partitions. One that an error has stopped is started again by the next poll(); others may then deliver again what
  /// their worker took last.
  [[nodiscard]] std::expected<void, KafkaError> seek(const TopicPartition& partition, KafkaOffset offset,
                                                     std::chrono::milliseconds timeout);
  /// A paused partition delivers nothing; resumed, it goes on behind the last record consumed.
  [[nodiscard]] std::expected<void, KafkaError> pause(const TopicPartition& partition);
  [[nodiscard]] std::expected<void, KafkaError> resume(const TopicPartition& partition);

  struct NextOffset {
    TopicPartition partition;
    KafkaOffset offset;
  };
  /// So that tools show a lag. Nothing depends on it; errors are dropped.
  void commit_for_display(const std::vector<NextOffset>& offsets);

 private:
  struct Impl;
  GroupConsumer();
  std::unique_ptr<Impl> impl_;
};

}  // namespace farshore::kafka
