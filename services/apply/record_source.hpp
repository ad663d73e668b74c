#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "apply/read_batch.hpp"
#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/group_consumer.hpp"
#include "kafka/topic_partition.hpp"

namespace farshore::apply {

/// A record of a partition, or why the partition gives nothing more until go_to().
struct Arrival {
  kafka::TopicPartition place;
  std::uint64_t generation = 0;  ///< of the assignment that it came under
  std::expected<std::shared_ptr<ReadBatch>, kafka::KafkaError> record;
};

/// What a worker's records come from, of all its partitions, in order within each: Kafka, or a test. Wherever a new
/// partition stands, it gives nothing before go_to(). Of the gathering thread, but for wake().
class RecordSource {
 public:
  using NextOffset = kafka::GroupConsumer::NextOffset;

  virtual ~RecordSource() = default;
  /// Appends up to `max`; waits up to `timeout` for the first and not for more.
  virtual void consume(std::vector<Arrival>& out, std::size_t max, std::chrono::milliseconds timeout) = 0;
  /// Ends a consume() that is waiting. From any thread.
  virtual void wake() = 0;
  /// The partition gives the record at this offset next, and goes on from there; kBeginning: the oldest. An error is
  /// a sentence that says why it does not. Blocks for seconds at the most.
  [[nodiscard]] virtual std::expected<void, std::string> go_to(const kafka::TopicPartition& place,
                                                               KafkaOffset offset) = 0;
  /// The partition gives nothing until go_to().
  virtual void pause(const kafka::TopicPartition& place) = 0;
  /// So that tools show a lag. Nothing depends on it.
  virtual void commit_for_display(const std::vector<NextOffset>& offsets) = 0;
};

}  // namespace farshore::apply
