#include "kafka/transactional_producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "kafka/admin.hpp"
#include "mock_cluster.hpp"

namespace farshore::kafka {
namespace {

using testing::ElementsAre;

constexpr int kEndTxnRequest = 26;
constexpr int kAddPartitionsRequest = 24;

std::unique_ptr<TransactionalProducer> make(const MockCluster& cluster) {
  auto producer = TransactionalProducer::create(cluster.settings(), "farshore.capture.east", kPatience);
  EXPECT_TRUE(producer.has_value()) << producer.error().message;
  return std::move(*producer);
}

TEST(TransactionalProducer, PublishesRecordsOneByOne) {
  MockCluster cluster;
  cluster.create_topic("checkpoint", 1);
  const auto producer = make(cluster);
  for (const char* value : {"one", "two"}) {
    const auto published = producer->publish("checkpoint", PartitionId(0), "capture", value, kPatience);
    ASSERT_TRUE(published.has_value()) << published.error().message;
  }
  EXPECT_THAT(values_in(cluster.settings(), {"checkpoint", PartitionId(0)}), ElementsAre("one", "two"));
}

TEST(TransactionalProducer, SaysWhenANewerOneLives) {
  MockCluster cluster;
  cluster.create_topic("checkpoint", 1);
  const auto producer = make(cluster);
  rd_kafka_mock_push_request_errors(cluster.get(), kEndTxnRequest, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
  const auto published = producer->publish("checkpoint", PartitionId(0), "capture", "late", kPatience);
  ASSERT_FALSE(published.has_value());
  EXPECT_EQ(published.error().kind, KafkaError::Kind::kFenced) << published.error().message;
  const auto again = producer->publish("checkpoint", PartitionId(0), "capture", "later", kPatience);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind, KafkaError::Kind::kFenced) << again.error().message;
}

TEST(TransactionalProducer, GoesOnAfterATransactionThatWasAborted) {
  MockCluster cluster;
  cluster.create_topic("checkpoint", 1);
  const auto producer = make(cluster);
  rd_kafka_mock_push_request_errors(cluster.get(), kAddPartitionsRequest, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto refused = producer->publish("checkpoint", PartitionId(0), "capture", "refused", milliseconds(3000));
  ASSERT_FALSE(refused.has_value());
  const auto published = producer->publish("checkpoint", PartitionId(0), "capture", "next", kPatience);
  EXPECT_TRUE(published.has_value()) << published.error().message;
}

TEST(TransactionalProducer, GivesUpWhenItIsAskedTo) {
  MockCluster cluster;
  cluster.create_topic("checkpoint", 1);
  ClusterSettings settings = cluster.settings();
  std::atomic<int> questions{0};
  settings.give_up = [&] { return questions.fetch_add(1) >= 2; };
  auto producer = TransactionalProducer::create(cluster.settings(), "id", kPatience);
  ASSERT_TRUE(producer.has_value());
  producer = TransactionalProducer::create(settings, "id", kPatience);
  ASSERT_TRUE(producer.has_value()) << producer.error().message;
  questions = 0;
  cluster.stop_broker();
  const auto began = std::chrono::steady_clock::now();
  const auto published = (*producer)->publish("checkpoint", PartitionId(0), "capture", "one", kPatience);
  producer->reset();
  EXPECT_FALSE(published.has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience / 4);
}

TEST(Admin, GivesUpWhenItIsAskedTo) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  settings.give_up = [] { return true; };
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE((*Admin::create(settings))->describe_topic("any", kPatience).has_value());
  EXPECT_FALSE((*Admin::create(settings))->offsets({"any", PartitionId(0)}, kPatience).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience / 2);
}

TEST(TransactionalProducer, SaysThatNoBrokerAnswers) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  const auto producer = TransactionalProducer::create(settings, "id", milliseconds(300));
  ASSERT_FALSE(producer.has_value());
  EXPECT_TRUE(producer.error().retry());
}

}  // namespace
}  // namespace farshore::kafka
