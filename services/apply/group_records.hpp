#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "apply/read_batch.hpp"
#include "kafka/group_consumer.hpp"
#include "kafka/record.hpp"
#include "services/apply/record_source.hpp"

namespace farshore::apply {

/// The records of one worker of a consumer group. Every record goes before the consumer does.
class GroupRecords final : public RecordSource {
 public:
  /// Borrows the consumer.
  GroupRecords(kafka::GroupConsumer& consumer, std::size_t worker)
      : consumer_(consumer), queue_(consumer.queue(worker)) {}

  void consume(std::vector<Arrival>& out, std::size_t max, std::chrono::milliseconds timeout) override;
  void wake() override { queue_.wake(); }
  [[nodiscard]] std::expected<void, std::string> go_to(const kafka::TopicPartition& place, KafkaOffset offset) override;
  void pause(const kafka::TopicPartition& place) override { (void)consumer_.pause(place); }
  void commit_for_display(const std::vector<NextOffset>& offsets) override { consumer_.commit_for_display(offsets); }

 private:
  kafka::GroupConsumer& consumer_;
  kafka::WorkerQueue& queue_;
  BatchPool pool_;
  std::vector<kafka::Record> records_;  ///< reused
};

}  // namespace farshore::apply
