#include "kafka/producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "mock_cluster.hpp"

namespace farshore::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Producer, DeliversARecordWithItsHeaderAndReportsItsOffset) {
  MockCluster cluster;
  cluster.create_topic("changes", 2);
  TestProducer producer(cluster.settings());
  const TopicHandle topic = producer.topic("changes");
  ASSERT_EQ(producer.producer->send(topic, PartitionId(1), std::string("h\0x", 3), "value", 42), SendResult::kQueued);
  ASSERT_TRUE(producer.producer->flush(kPatience));
  ASSERT_EQ(producer.deliveries.size(), 1U);
  EXPECT_FALSE(producer.deliveries[0].error.has_value());
  EXPECT_EQ(producer.deliveries[0].opaque, 42U);
  EXPECT_EQ(producer.deliveries[0].offset, KafkaOffset(0));

  auto reader = TailReader::create(cluster.settings());
  std::string header;
  std::string value;
  const auto keep = [&](const Record& record) {
    header = record.header();
    value = record.value();
    EXPECT_EQ(record.topic(), "changes");
    EXPECT_EQ(record.partition(), PartitionId(1));
    EXPECT_GT(record.timestamp().time_since_epoch().count(), 0);
    return true;
  };
  ASSERT_TRUE((*reader)->read_range({"changes", PartitionId(1)}, kBeginning, keep, kPatience).has_value());
  EXPECT_EQ(header, std::string("h\0x", 3));
  EXPECT_EQ(value, "value");
}

TEST(Producer, CountsWhatIsNotYetAcknowledged) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  TestProducer producer(cluster.settings());
  for (int i = 0; i < 10; ++i) producer.send("changes", 0, "12345");
  EXPECT_EQ(producer.producer->queued_messages(), 10U);
  EXPECT_EQ(producer.producer->queued_bytes(), 50U);
  ASSERT_TRUE(producer.producer->flush(kPatience));
  EXPECT_EQ(producer.producer->queued_messages(), 0U);
  EXPECT_EQ(producer.producer->queued_bytes(), 0U);
}

TEST(Producer, PushesBackAtItsBoundAndGoesOnWhenTheBrokerIsBack) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  ProducerLimits limits;
  limits.queue_bytes = 1000;
  TestProducer producer(cluster.settings(), limits);
  const TopicHandle topic = producer.topic("changes");
  cluster.stop_broker();
  const std::string value(100, 'x');
  std::size_t sent = 0;
  while (producer.producer->send(topic, PartitionId(0), "h", value, sent) == SendResult::kQueued) ++sent;
  EXPECT_EQ(sent, 10U);
  producer.producer->poll(milliseconds(10));
  EXPECT_EQ(producer.producer->send(topic, PartitionId(0), "h", value, 0), SendResult::kQueueFull);
  EXPECT_TRUE(producer.deliveries.empty());

  cluster.start_broker();
  ASSERT_TRUE(eventually([&] {
    producer.producer->poll(milliseconds(10));
    return producer.deliveries.size() == sent;
  }));
  for (std::size_t i = 0; i < sent; ++i) EXPECT_EQ(producer.deliveries[i].opaque, i) << "order within a partition";
  EXPECT_EQ(producer.producer->send(topic, PartitionId(0), "h", value, 0), SendResult::kQueued);
}

TEST(Producer, TakesARecordLargerThanTheBoundWhenNothingElseIsQueued) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  ProducerLimits limits;
  limits.queue_bytes = 1000;
  TestProducer producer(cluster.settings(), limits);
  producer.send("changes", 0, std::string(100'000, 'x'));
  EXPECT_TRUE(producer.producer->flush(kPatience));
}

TEST(Producer, RefusesARecordThatIsTooLarge) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  ProducerLimits limits;
  limits.message_bytes_max = 10'000;
  TestProducer producer(cluster.settings(), limits);
  const TopicHandle topic = producer.topic("changes");
  EXPECT_EQ(producer.producer->send(topic, PartitionId(0), "h", std::string(20'000, 'x'), 0), SendResult::kError);
  EXPECT_EQ(producer.producer->last_error()->kind, KafkaError::Kind::kTooLarge);
  EXPECT_EQ(producer.producer->queued_bytes(), 0U);
}

TEST(Producer, DeliversOnceAlthoughTheBrokerAsksToRetry) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  TestProducer producer(cluster.settings());
  rd_kafka_mock_push_request_errors(cluster.get(), 0 /* Produce */, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  // One by one: these brokers do not check sequence numbers, and would take "b" before "a" has come again.
  for (const char* value : {"a", "b", "c"}) producer.send_all("changes", 0, {value});
  EXPECT_THAT(values_in(cluster.settings(), {"changes", PartitionId(0)}), ElementsAre("a", "b", "c"));
}

TEST(Producer, SendsNothingBehindARecordThatTheBrokerRefuses) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  ProducerLimits limits;
  limits.message_bytes_max = 10'000;  // so that the records go in several requests
  TestProducer producer(cluster.settings(), limits);
  const TopicHandle topic = producer.topic("changes");
  rd_kafka_mock_push_request_errors(cluster.get(), 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  for (std::uint64_t i = 0; i < 40; ++i)
    if (producer.producer->send(topic, PartitionId(0), "h", std::string(5'000, 'x'), i) != SendResult::kQueued) break;
  // What is behind the refused one may be reported before it, late, or only when the producer ends.
  ASSERT_TRUE(eventually([&] {
    producer.producer->poll(milliseconds(10));
    return producer.producer->is_fatal() && std::ranges::any_of(producer.deliveries, [](const Delivery& delivery) {
             return delivery.error && delivery.error->kind == KafkaError::Kind::kTooLarge;
           });
  }));
  EXPECT_EQ(producer.producer->send(topic, PartitionId(0), "h", "x", 40), SendResult::kError);
  // What was under way already; a real broker refuses that too, by its sequence numbers.
  EXPECT_LT(values_in(cluster.settings(), {"changes", PartitionId(0)}).size(), 10U);
}

TEST(Producer, RefusesASettingThatIsNone) {
  MockCluster cluster;
  ClusterSettings settings = cluster.settings();
  settings.properties["no.such.setting"] = "1";
  const auto producer = Producer::create(settings, {}, [](const Delivery&) {});
  ASSERT_FALSE(producer.has_value());
  EXPECT_EQ(producer.error().kind, KafkaError::Kind::kBadSetting);
  EXPECT_THAT(producer.error().message, HasSubstr("no.such.setting"));
}

TEST(Producer, GivesUpWhenItIsAskedTo) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  settings.give_up = [] { return true; };
  TestProducer producer(settings);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(producer.producer->open_topic("changes", kPatience).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience / 4);
}

TEST(Producer, SaysThatNoBrokerAnswers) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  TestProducer producer(settings);
  const auto topic = producer.producer->open_topic("changes", milliseconds(200));
  ASSERT_FALSE(topic.has_value());
  EXPECT_TRUE(topic.error().retry());
}

TEST(Producer, MayBeDestroyedWithRecordsUnsent) {
  MockCluster cluster;
  cluster.create_topic("changes", 1);
  TestProducer producer(cluster.settings());
  const TopicHandle topic = producer.topic("changes");
  cluster.stop_broker();
  EXPECT_EQ(producer.producer->send(topic, PartitionId(0), "h", "v", 0), SendResult::kQueued);
}

}  // namespace
}  // namespace farshore::kafka
