#include "kafka/transactional_producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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

TEST(TransactionalProducer, SaysThatNoBrokerAnswers) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  const auto producer = TransactionalProducer::create(settings, "id", milliseconds(300));
  ASSERT_FALSE(producer.has_value());
  EXPECT_TRUE(producer.error().retry());
}

}  // namespace
}  // namespace farshore::kafka
