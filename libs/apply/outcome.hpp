#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "apply/mismatch.hpp"
#include "apply/row_writer.hpp"
#include "base/numbers.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Someone wants a partition's durable progress, and the partition.
struct LoadRequest {
  store::PartitionKey key;
  std::string topic_id;      ///< of the topic to be read; an offset of another one means nothing; empty: not known
  std::uint64_t number = 0;  ///< the asker's own; its outcome says it again
};

/// The partition is ours from here on.
struct Loaded {
  store::PartitionKey key;
  store::ProgressRow row;             ///< as it is in the database
  std::optional<KafkaOffset> offset;  ///< where reading may begin; none: at the topic's beginning
  std::uint64_t load = 0;             ///< the request's number
};

/// The partition could not be taken over; load it again later.
struct NotLoaded {
  store::PartitionKey key;
  std::string reason;
  std::uint64_t load = 0;  ///< the request's number
};

/// The partition's slice is durable.
struct Applied {
  store::PartitionKey key;
  store::ProgressRow row;             ///< as it is in the database
  std::optional<KafkaOffset> offset;  ///< where reading goes on; none: as before
  SliceCounts counts;
  std::uint64_t rows = 0;  ///< changes that are new to the partition
};

/// The partition cannot go on now; load it again later.
struct Suspended {
  store::PartitionKey key;
  store::ProgressRow row;  ///< with state and reason; in the database where they could be written
};

/// Someone else has written the partition's progress, or what the database holds of it is not known; load it again
/// later.
struct Lost {
  store::PartitionKey key;
  std::string reason;
};

/// The partition still stands at a barrier.
struct WaitsAtBarrier {
  store::PartitionKey key;
  store::ProgressRow row;  ///< state and reason say for what
};

/// The partition has passed its barrier.
struct BarrierPassed {
  store::PartitionKey key;
  store::ProgressRow row;  ///< as it is in the database
};

/// What is parked was tried again, and rows were not as they should be. The partition may be another writer's.
struct ParkedRetried {
  store::PartitionKey key;
  MismatchCounts mismatches{};
};

/// What became of a partition. Handed from the writing thread to the one that gathers.
using Outcome = std::variant<Loaded, NotLoaded, Applied, Suspended, Lost, WaitsAtBarrier, BarrierPassed, ParkedRetried>;

[[nodiscard]] inline const store::PartitionKey& key_of(const Outcome& outcome) {
  return std::visit([](const auto& what) -> const store::PartitionKey& { return what.key; }, outcome);
}

}  // namespace farshore::apply
