#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

/// The numbers that travel between modules, each a type of its own.
namespace farshore {

/// A number that only mixes with its own kind. `raw()` is for formats and formatting.
template <typename Tag, typename Raw>
class Number {
 public:
  using raw_type = Raw;
  constexpr Number() = default;
  constexpr explicit Number(Raw raw) : raw_(raw) {}
  [[nodiscard]] constexpr Raw raw() const { return raw_; }
  /// The number that follows.
  [[nodiscard]] constexpr Number next() const { return Number(static_cast<Raw>(raw_ + 1)); }
  friend constexpr auto operator<=>(Number, Number) = default;

 private:
  Raw raw_{};
};

/// Grows when the numbering of an origin starts again. 0: none.
using Epoch = Number<struct EpochTag, std::uint32_t>;
/// Random companion of an epoch: the same epoch number with another incarnation is another epoch.
using Incarnation = Number<struct IncarnationTag, std::uint64_t>;
/// A change's number in its partition and epoch, from 1. 0: before the first.
using Seq = Number<struct SeqTag, std::uint64_t>;
/// A place in a transaction: 2 * row number + half (half 1 is the second change of a key change).
using Ordinal = Number<struct OrdinalTag, std::uint32_t>;
/// A Kafka partition of a stream's topic.
using PartitionId = Number<struct PartitionIdTag, std::int32_t>;
/// An offset in a Kafka partition.
using KafkaOffset = Number<struct KafkaOffsetTag, std::int64_t>;

/// A point in time by a source's clock; microseconds since 1970 UTC.
using SourceTime = std::chrono::sys_time<std::chrono::microseconds>;
/// A point in time by this process' clock.
using LocalTime = std::chrono::sys_time<std::chrono::microseconds>;

[[nodiscard]] inline LocalTime local_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// An epoch as identity: number and incarnation together.
struct EpochId {
  Epoch epoch;
  Incarnation incarnation;
  friend constexpr bool operator==(const EpochId&, const EpochId&) = default;
};

}  // namespace farshore
