#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "apply/partition_intake.hpp"
#include "kafka/topic_partition.hpp"
#include "services/apply/apply_metrics.hpp"

namespace farshore::apply {

/// The wait after one of `last` (0: the first), each twice as long, within [`first`, `longest`]; never above `longest`.
[[nodiscard]] inline std::chrono::milliseconds next_wait(std::chrono::milliseconds last,
                                                         std::chrono::milliseconds first,
                                                         std::chrono::milliseconds longest) {
  return std::min(std::max(last * 2, first), longest);
}

/// Looks for records that are missing in a topic. From its beginning: they may be in it, only not where the offset
/// pointed. Then forward, as what is missing may still be published. From time to time from the beginning again, as the
/// topic may have been deleted and copied anew; ever more seldom, as that reads the whole of it. Something new ends it.
class Search {
 public:
  using Clock = std::chrono::steady_clock;

  /// The topic is read from its beginning.
  void begin();
  /// There is a gap. True: the topic is to be read from its beginning, and counts as begun. `interval`: the first wait.
  [[nodiscard]] bool begins_at_gap(Clock::time_point now, std::chrono::milliseconds interval);

 private:
  bool begun_ = false;
  std::optional<Clock::time_point> again_at_;  ///< begun, and at a gap since
  std::chrono::milliseconds wait_{0};
};

/// A partition that the group gave to this process, and where its records are read from. On the gathering thread.
///
///   loading ──loaded──► running ──barrier──► at barrier ──passed──► running
///      ▲                   │
///      └──── waiting ◄─────┴── not loaded, suspended, lost, refused, the topic is gone
struct Feed {
  enum class Mode : std::uint8_t {
    kLoading,    ///< its progress is being read and taken over
    kRunning,    ///< its records are taken
    kAtBarrier,  ///< paused until the barrier is passed
    kWaiting,    ///< paused until it is loaded again
  };
  struct Timing {
    Seq last;
    LocalTime received_at;
    SourceTime commit_time;
  };

  /// A channel's way to the partition's records.
  struct Source {
    kafka::TopicPartition place;
    std::string topic_id{};
    std::uint64_t generation = 0;  ///< of the assignment
    Search search{};
    std::uint64_t ignore_round = 0;           ///< records of this round of consuming were fetched before a seek
    KafkaOffset barrier_offset{};             ///< of the barrier's record
    std::optional<KafkaOffset> applied_to{};  ///< under this assignment: where to go on if the database knows no offset
  };

  store::PartitionKey key;
  std::vector<Source> sources;  ///< at least one
  Counts::Stream* counts = nullptr;
  std::uint64_t load = 0;  ///< the number of the load that was asked for last

  /// The answer to that load. That to an earlier one, of an assignment before this, means nothing: the writer was asked
  /// to let go of the partition since.
  [[nodiscard]] bool awaits(std::uint64_t loaded) const { return mode == Mode::kLoading && loaded == load; }

  /// The one whose offset the writer loads and stores.
  [[nodiscard]] Source& stored_source() { return sources.front(); }

  Mode mode = Mode::kLoading;
  std::optional<PartitionIntake> intake;                           ///< while running or at a barrier
  store::PartitionState state = store::PartitionState::kApplying;  ///< while waiting
  std::string reason;                                              ///< while waiting
  std::string said;  ///< in the log, of why it does not go on; empty: it goes on
  /// Records that had been gathered when the partition came to stand: so many are taken one to a work set, so that what
  /// lies before the change that waits is applied, and no two changes wait for tables that cannot be there at once.
  std::size_t steps_left = 0;
  std::deque<Timing> timings;  ///< of batches not yet durable
  std::chrono::steady_clock::time_point retry_at;
  std::chrono::milliseconds retry_wait{0};
};

}  // namespace farshore::apply
