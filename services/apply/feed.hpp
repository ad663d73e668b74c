#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "apply/partition_intake.hpp"
#include "kafka/topic_partition.hpp"
#include "services/apply/apply_metrics.hpp"

namespace farshore::apply {

/// A partition that the group gave to this process, on the gathering thread.
///
///   loading ──loaded──► running ──epoch start──► at barrier ──entered──► running
///      ▲                   │
///      └──── waiting ◄─────┴── not loaded, suspended, lost, refused, the topic is gone
struct Feed {
  enum class Mode : std::uint8_t {
    kLoading,    ///< its progress is being read and taken over
    kRunning,    ///< its records are taken
    kAtBarrier,  ///< paused until the epoch is entered
    kWaiting,    ///< paused until it is loaded again
  };
  struct Timing {
    Seq last;
    LocalTime received_at;
    SourceTime commit_time;
  };

  kafka::TopicPartition source;
  store::PartitionKey key;
  std::string topic_id;
  std::uint64_t generation = 0;  ///< of the assignment
  StreamSeries* series = nullptr;
  std::uint64_t load = 0;  ///< the number of the load that was asked for last

  /// The answer to that load. That to an earlier one, of an assignment before this, means nothing: the writer was asked
  /// to let go of the partition since.
  [[nodiscard]] bool awaits(std::uint64_t loaded) const { return mode == Mode::kLoading && loaded == load; }

  Mode mode = Mode::kLoading;
  std::optional<PartitionIntake> intake;                           ///< while running or at a barrier
  store::PartitionState state = store::PartitionState::kApplying;  ///< while waiting
  std::string reason;                                              ///< while waiting
  std::string said;       ///< in the log, of why it does not go on; empty: it goes on
  bool searched = false;  ///< the topic was read from its beginning since something was last found
  /// While searched, and at a gap since: when it is read from its beginning again.
  std::optional<std::chrono::steady_clock::time_point> search_at;
  std::chrono::milliseconds search_wait{0};
  std::uint64_t ignore_round = 0;  ///< records of this round of consuming were fetched before a seek
  KafkaOffset barrier_offset;      ///< of the start record
  /// Records that had been gathered when the partition came to stand: so many are taken one to a work set, so that what
  /// lies before the change that waits is applied, and no two changes wait for tables that cannot be there at once.
  std::size_t steps_left = 0;
  std::optional<KafkaOffset> applied_to;  ///< under this assignment: where to go on if the database knows no offset
  std::deque<Timing> timings;             ///< of batches not yet durable
  std::chrono::steady_clock::time_point retry_at;
  std::chrono::milliseconds retry_wait{0};
};

/// The wait after one of `last` (0: the first), each twice as long, within [`first`, `longest`]; never above `longest`.
[[nodiscard]] inline std::chrono::milliseconds next_wait(std::chrono::milliseconds last,
                                                         std::chrono::milliseconds first,
                                                         std::chrono::milliseconds longest) {
  return std::min(std::max(last * 2, first), longest);
}

}  // namespace farshore::apply
