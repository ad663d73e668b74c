#pragma once

#include <compare>
#include <string>

#include "base/numbers.hpp"

namespace farshore::kafka {

struct TopicPartition {
  std::string topic;
  PartitionId partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// In place of an offset: the oldest record that is kept.
inline constexpr KafkaOffset kBeginning{-2};

}  // namespace farshore::kafka
