#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kafka/producer.hpp"
#include "kafka/settings.hpp"
#include "kafka/tail_reader.hpp"

namespace farshore::kafka {

using std::chrono::milliseconds;

inline constexpr milliseconds kPatience{20'000};

/// Waits until `done` says so, calling it again and again; false after kPatience.
inline bool eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

/// librdkafka's own brokers in this process: enough of Kafka for producers and consumers, nothing of its admin
/// requests.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1)
      : client_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)),
        cluster_(rd_kafka_mock_cluster_new(client_, brokers)) {
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  [[nodiscard]] ClusterSettings settings() const {
    ClusterSettings settings;
    settings.bootstrap = rd_kafka_mock_cluster_bootstraps(cluster_);
    return settings;
  }
  void create_topic(const std::string& name, int partitions) {
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void stop_broker() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void start_broker() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  [[nodiscard]] rd_kafka_mock_cluster_t* get() const { return cluster_; }

 private:
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

/// A producer whose deliveries are kept.
struct TestProducer {
  std::vector<Delivery> deliveries;
  std::unique_ptr<Producer> producer;

  explicit TestProducer(const ClusterSettings& settings, const ProducerLimits& limits = {}) {
    auto made =
        Producer::create(settings, limits, [this](const Delivery& delivery) { deliveries.push_back(delivery); });
    EXPECT_TRUE(made.has_value()) << made.error().message;
    producer = std::move(*made);
  }
  TopicHandle topic(const std::string& name) {
    const auto handle = producer->open_topic(name, kPatience);
    EXPECT_TRUE(handle.has_value());
    return *handle;
  }
  void send(const std::string& topic_name, std::int32_t partition, const std::string& value) {
    EXPECT_EQ(producer->send(topic(topic_name), PartitionId(partition), "header of " + value, value, 0),
              SendResult::kQueued);
  }
  void send_all(const std::string& topic_name, std::int32_t partition, const std::vector<std::string>& values) {
    for (const std::string& value : values) send(topic_name, partition, value);
    EXPECT_TRUE(producer->flush(kPatience));
  }
};

inline std::vector<std::string> values_in(const ClusterSettings& settings, const TopicPartition& partition,
                                          KafkaOffset from = kBeginning) {
  std::vector<std::string> values;
  const auto reader = TailReader::create(settings);
  EXPECT_TRUE(reader.has_value());
  const auto range = (*reader)->read_range(
      partition, from,
      [&](const Record& record) {
        values.emplace_back(record.value());
        return true;
      },
      kPatience);
  EXPECT_TRUE(range.has_value()) << range.error().message;
  return values;
}

}  // namespace farshore::kafka
