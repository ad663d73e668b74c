#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/settings.hpp"

namespace farshore::kafka {

/// Writes single records so that only the newest owner of an identity can: create() fences every older producer of the
/// same transactional id. Blocking. One thread at a time.
class TransactionalProducer {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<TransactionalProducer>, KafkaError> create(
      const ClusterSettings& settings, const std::string& transactional_id, std::chrono::milliseconds timeout);
  ~TransactionalProducer();
  TransactionalProducer(const TransactionalProducer&) = delete;
  TransactionalProducer& operator=(const TransactionalProducer&) = delete;

  /// One record in one transaction, committed when this returns without error. kFenced: a newer producer lives, this
  /// one is finished. kFatal: finished. Others: the transaction was aborted, or its outcome is not known (kTimedOut);
  /// publishing the same again is safe for a compacted topic.
  [[nodiscard]] std::expected<void, KafkaError> publish(const std::string& topic, PartitionId partition,
                                                        std::string_view key, std::string_view value,
                                                        std::chrono::milliseconds timeout);

 private:
  struct Client;
  TransactionalProducer();
  std::unique_ptr<Client> client_;
};

}  // namespace farshore::kafka
