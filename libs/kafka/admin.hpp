#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/settings.hpp"
#include "kafka/topic_partition.hpp"

namespace farshore::kafka {

struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication = 1;
  std::map<std::string, std::string> configs;  ///< Kafka's topic settings, as text
};

struct TopicDescription {
  std::string topic_id;  ///< Kafka's id of the topic, base64: another id is another topic
  std::int32_t partitions = 0;
  std::int32_t replication = 0;
  std::map<std::string, std::string> configs;  ///< all settings in effect
};

/// One setting of a topic that is not as wanted.
struct TopicMismatch {
  std::string setting;  ///< "partitions", "replication.factor", or a topic setting
  std::string found;
  std::string wanted;
};

struct EnsuredTopic {
  bool created = false;
  TopicDescription found;                 ///< as it is now
  std::vector<TopicMismatch> mismatches;  ///< empty: it is there exactly as wanted
};

struct OffsetRange {
  KafkaOffset low;   ///< of the oldest record kept
  KafkaOffset high;  ///< behind the newest record
};

struct ClusterDescription {
  std::string id;  ///< made by the brokers once; another id is another cluster
  std::int32_t brokers = 0;
  /// auto.create.topics.enable of a broker; nothing: this client may not see the brokers' settings.
  std::optional<bool> creates_topics;
};

/// Topics: made, described, measured. Blocking; one thread at a time.
class Admin {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<Admin>, KafkaError> create(const ClusterSettings& settings);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  [[nodiscard]] std::expected<ClusterDescription, KafkaError> describe_cluster(std::chrono::milliseconds timeout);
  /// Creates the topic, or compares the one that is there with what is wanted (only the configs that are named). Never
  /// changes one that is there.
  [[nodiscard]] std::expected<EnsuredTopic, KafkaError> ensure_topic(const TopicSpec& spec,
                                                                     std::chrono::milliseconds timeout);
  /// Gives the topic more partitions, `partitions` in all. Fewer than it has are refused by the broker.
  [[nodiscard]] std::expected<void, KafkaError> add_partitions(const std::string& name, std::int32_t partitions,
                                                               std::chrono::milliseconds timeout);
  /// kUnknownTopic if it is not there.
  [[nodiscard]] std::expected<TopicDescription, KafkaError> describe_topic(const std::string& name,
                                                                           std::chrono::milliseconds timeout);
  /// Only the id and the partitions: cheaper than describe_topic().
  [[nodiscard]] std::expected<std::string, KafkaError> topic_id(const std::string& name,
                                                                std::chrono::milliseconds timeout);
  /// Whether any broker answers. Needs no right.
  [[nodiscard]] std::expected<void, KafkaError> reach(std::chrono::milliseconds timeout);
  /// Deletes the records of the topic's partitions that lie before these offsets, by partition; kEnd: all that are
  /// there now. Offsets go on where they were, so that readers and mirrors need not be told.
  static constexpr KafkaOffset kEnd{-1};
  [[nodiscard]] std::expected<void, KafkaError> delete_records(const std::string& name,
                                                               const std::vector<KafkaOffset>& before,
                                                               std::chrono::milliseconds timeout);
  [[nodiscard]] std::expected<OffsetRange, KafkaError> offsets(const TopicPartition& partition,
                                                               std::chrono::milliseconds timeout);

 private:
  struct Client;
  Admin();
  std::unique_ptr<Client> client_;
};

}  // namespace farshore::kafka
