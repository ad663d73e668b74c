#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/numbers.hpp"

namespace farshore::store {

/// How a partition stands at this region. Everything but kApplying means that nothing more of it is applied.
enum class PartitionState : std::uint8_t {
  kApplying,
  kAtBarrier,            ///< waits at the start of an epoch: for the origin's other partitions, or for parked changes
  kWaitingForStatement,  ///< waits at the start of an epoch for a word on the statement before it
  kHole,                 ///< records are missing
  kWaitingForSchema,     ///< the target's table or column does not fit yet
  kNeedsSnapshot,        ///< no progress, and the topic does not begin with a first epoch
  kUnreadableBatch,      ///< corrupted, or of a newer format
  kWrongIncarnation,     ///< an epoch that does not continue ours
  kNumberingConflict,    ///< an epoch that continues from before what is applied here, with other numbering
  kMarkerFiltered,       ///< progress writes do not show in the target's binlog
  kWrongOrigin,          ///< a batch of another origin, stream or partition in the topic
  kStopped,              ///< the reason says why
};
inline constexpr std::size_t kPartitionStates = 12;

/// As in the table: "applying", "at-barrier" ...
[[nodiscard]] std::string_view to_string(PartitionState state);
[[nodiscard]] std::optional<PartitionState> parse_partition_state(std::string_view text);
/// It stands at the start of an epoch, with everything before it applied.
[[nodiscard]] constexpr bool stands_at_barrier(PartitionState state) {
  return state == PartitionState::kAtBarrier || state == PartitionState::kWaitingForStatement;
}

/// A reason as the table takes it, whatever it was made from: at most kReasonBytesMax bytes, ASCII without control
/// characters (others become '?').
inline constexpr std::size_t kReasonBytesMax = 1000;
[[nodiscard]] std::string reason_for_people(std::string text);

/// A partition of a stream of an origin.
struct PartitionKey {
  std::string origin;
  std::string stream;
  PartitionId partition;

  /// "west/main/3", for logs.
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
};

/// What is durably applied of a partition: a row of farshore.progress.
struct ProgressRow {
  PartitionKey key;
  EpochId epoch;
  Seq seq;                        ///< the last change applied
  std::string origin_position;    ///< text: the origin's transactions that are wholly contained
  std::string row_gtid;           ///< the transaction that may be contained in part; empty: none
  std::int64_t row_ordinal = -1;  ///< its last change that is contained; -1: none
  SourceTime safe_time{};         ///< zero: none yet
  SourceTime commit_time{};       ///< of the last change applied; zero: none yet
  std::uint64_t writes = 0;       ///< grows with every write of the row
  PartitionState state = PartitionState::kApplying;
  std::string reason;  ///< for people; empty while applying
  std::string owner;   ///< the apply process that holds the partition

  friend bool operator==(const ProgressRow&, const ProgressRow&) = default;
};

}  // namespace farshore::store
