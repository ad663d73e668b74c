#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kafka/admin.hpp"
#include "kafka/group_consumer.hpp"
#include "kafka/producer.hpp"
#include "kafka/tail_reader.hpp"
#include "kafka/transactional_producer.hpp"

/// What librdkafka's mock brokers cannot show: topics and their settings, fencing between two producers, purged
/// records, topics that are deleted and made again. The broker is named by FARSHORE_TEST_KAFKA ("host:port").
namespace farshore::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr milliseconds kPatience{30'000};

bool eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

ClusterSettings broker() {
  const char* const bootstrap = std::getenv("FARSHORE_TEST_KAFKA");
  EXPECT_NE(bootstrap, nullptr) << "set FARSHORE_TEST_KAFKA to a broker's host:port";
  ClusterSettings settings;
  settings.bootstrap = bootstrap == nullptr ? "" : bootstrap;
  return settings;
}

/// A topic of this run's own, removed at the end.
class TestTopic {
 public:
  explicit TestTopic(std::int32_t partitions = 1, std::map<std::string, std::string> configs = {})
      : admin_(std::move(*Admin::create(broker()))) {
    static std::random_device random;
    spec_.name = "farshore.test." + std::to_string(random()) + std::to_string(random());
    spec_.partitions = partitions;
    spec_.configs = std::move(configs);
    create();
  }
  ~TestTopic() { remove(); }
  TestTopic(const TestTopic&) = delete;
  TestTopic& operator=(const TestTopic&) = delete;

  void create() {
    const auto ensured = admin_->ensure_topic(spec_, kPatience);
    ASSERT_TRUE(ensured.has_value()) << ensured.error().message;
    EXPECT_TRUE(ensured->created);
    EXPECT_THAT(ensured->mismatches, IsEmpty());
  }
  void remove() const {
    run([&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
      rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(spec_.name.c_str());
      rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
      rd_kafka_DeleteTopic_destroy(topic);
    });
    EXPECT_TRUE(eventually([&] { return !admin_->topic_id(spec_.name, kPatience).has_value(); }));
  }
  void delete_records_before(std::int64_t offset) const {
    run([&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
      rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
      rd_kafka_topic_partition_list_add(list, spec_.name.c_str(), 0)->offset = offset;
      rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(list);
      rd_kafka_DeleteRecords(client, &records, 1, nullptr, queue);
      rd_kafka_DeleteRecords_destroy(records);
      rd_kafka_topic_partition_list_destroy(list);
    });
  }
  void fill(const std::vector<std::string>& values) const {
    auto producer = std::move(*Producer::create(broker(), {}, [](const Delivery& d) { EXPECT_FALSE(d.error); }));
    const auto topic = producer->open_topic(spec_.name, kPatience);
    ASSERT_TRUE(topic.has_value()) << topic.error().message;
    for (const std::string& value : values) {
      EXPECT_EQ(producer->send(*topic, PartitionId(0), "header", value, 0), SendResult::kQueued);
    }
    EXPECT_TRUE(producer->flush(kPatience));
  }

  [[nodiscard]] const std::string& name() const { return spec_.name; }
  [[nodiscard]] TopicSpec& spec() { return spec_; }
  [[nodiscard]] TopicPartition first() const { return {spec_.name, PartitionId(0)}; }
  [[nodiscard]] Admin& admin() { return *admin_; }

 private:
  static void run(const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& request) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", broker().bootstrap.c_str(), nullptr, 0);
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
    request(client, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, static_cast<int>(kPatience.count()));
    EXPECT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
  }

  TopicSpec spec_;
  std::unique_ptr<Admin> admin_;
};

std::vector<std::string> values_in(const TopicPartition& partition, KafkaOffset from = kBeginning) {
  std::vector<std::string> values;
  const auto reader = TailReader::create(broker());
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

TEST(Broker, TopicIsCreatedOnceAndThenCompared) {
  TestTopic topic(3, {{"retention.ms", "604800000"}, {"cleanup.policy", "delete"}});
  const auto again = topic.admin().ensure_topic(topic.spec(), kPatience);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_FALSE(again->created);
  EXPECT_THAT(again->mismatches, IsEmpty());

  TopicSpec other = topic.spec();
  other.partitions = 8;
  other.configs["retention.ms"] = "1000";
  const auto compared = topic.admin().ensure_topic(other, kPatience);
  ASSERT_TRUE(compared.has_value());
  ASSERT_THAT(compared->mismatches, SizeIs(2));
  EXPECT_EQ(compared->mismatches[0].setting, "partitions");
  EXPECT_EQ(compared->mismatches[0].found, "3");
  EXPECT_EQ(compared->mismatches[0].wanted, "8");
  EXPECT_EQ(compared->mismatches[1].setting, "retention.ms");
}

TEST(Broker, TopicMadeAgainUnderItsNameHasAnotherId) {
  TestTopic topic;
  const auto first = topic.admin().topic_id(topic.name(), kPatience);
  topic.remove();
  EXPECT_EQ(topic.admin().describe_topic(topic.name(), kPatience).error().kind, KafkaError::Kind::kUnknownTopic);
  topic.create();
  const auto second = topic.admin().topic_id(topic.name(), kPatience);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE(*first, *second);
}

TEST(Broker, RefusesATopicSettingThatIsNone) {
  auto admin = std::move(*Admin::create(broker()));
  const auto ensured = admin->ensure_topic({"farshore.test.never", 1, 1, {{"no.such.setting", "1"}}}, kPatience);
  ASSERT_FALSE(ensured.has_value());
  EXPECT_EQ(ensured.error().kind, KafkaError::Kind::kBadSetting) << ensured.error().message;
}

TEST(Broker, OffsetsFollowWhatIsWrittenAndPurged) {
  TestTopic topic;
  topic.fill({"a", "b", "c"});
  topic.delete_records_before(2);
  const auto range = topic.admin().offsets(topic.first(), kPatience);
  ASSERT_TRUE(range.has_value()) << range.error().message;
  EXPECT_EQ(range->low, KafkaOffset(2));
  EXPECT_EQ(range->high, KafkaOffset(3));
  EXPECT_THAT(values_in(topic.first(), KafkaOffset(0)), ElementsAre("c")) << "a read begins at what is kept";
}

TEST(Broker, UnknownTopicIsToldApart) {
  auto producer = std::move(*Producer::create(broker(), {}, [](const Delivery&) {}));
  const auto opened = producer->open_topic("farshore.test.nowhere", kPatience);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, KafkaError::Kind::kUnknownTopic);
  auto reader = std::move(*TailReader::create(broker()));
  const auto each = [](const Record&) { return true; };
  const auto range = reader->read_range({"farshore.test.nowhere", PartitionId(0)}, kBeginning, each, kPatience);
  ASSERT_FALSE(range.has_value());
  EXPECT_EQ(range.error().kind, KafkaError::Kind::kUnknownTopic) << range.error().message;
}

TEST(Broker, RecordLargerThanTheTopicAllowsIsRefused) {
  TestTopic topic(1, {{"max.message.bytes", "10000"}});
  std::vector<Delivery> deliveries;
  auto producer = std::move(*Producer::create(broker(), {}, [&](const Delivery& d) { deliveries.push_back(d); }));
  std::mt19937 noise(1);
  std::string value(50'000, '\0');
  for (char& c : value) c = static_cast<char>(noise());
  ASSERT_EQ(producer->send(*producer->open_topic(topic.name(), kPatience), PartitionId(0), "h", value, 7),
            SendResult::kQueued);
  ASSERT_TRUE(producer->flush(kPatience));
  ASSERT_THAT(deliveries, SizeIs(1));
  EXPECT_EQ(deliveries[0].error->kind, KafkaError::Kind::kTooLarge) << deliveries[0].error->message;
}

TEST(Broker, RecordOfTenMegabytesGoesThrough) {
  TestTopic topic(1, {{"max.message.bytes", "10485760"}});
  std::mt19937 noise(1);
  std::string value(10'000'000, '\0');
  for (char& c : value) c = static_cast<char>(noise());
  topic.fill({"before", value, "after"});
  const std::vector<std::string> values = values_in(topic.first());
  ASSERT_THAT(values, SizeIs(3));
  EXPECT_TRUE(values[1] == value);
}

TEST(Broker, NewerTransactionalProducerFencesTheOlder) {
  TestTopic topic(1, {{"cleanup.policy", "compact"}});
  const std::string id = topic.name() + ".capture";
  auto older = std::move(*TransactionalProducer::create(broker(), id, kPatience));
  ASSERT_TRUE(older->publish(topic.name(), PartitionId(0), "capture", "by the older", kPatience).has_value());
  auto newer = std::move(*TransactionalProducer::create(broker(), id, kPatience));
  const auto late = older->publish(topic.name(), PartitionId(0), "capture", "too late", kPatience);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().kind, KafkaError::Kind::kFenced) << late.error().message;
  ASSERT_TRUE(newer->publish(topic.name(), PartitionId(0), "capture", "by the newer", kPatience).has_value());

  auto reader = std::move(*TailReader::create(broker()));
  const auto last = reader->read_compacted_last(topic.name(), "capture", kPatience);
  ASSERT_TRUE(last.has_value()) << last.error().message;
  EXPECT_EQ(*last, "by the newer");
  EXPECT_EQ(*reader->read_compacted_last(topic.name(), "another key", kPatience), std::nullopt);
}

/// A member of a group of its own that reads one partition.
struct Reader {
  std::vector<std::string> values;
  std::vector<KafkaError> errors;
  std::unique_ptr<GroupConsumer> consumer;

  Reader(const std::string& topic, KafkaOffset from) {
    RebalanceHandler handler;
    handler.on_assigned = [from](const std::vector<TopicPartition>& partitions, std::uint64_t) {
      return std::vector<StartPoint>(partitions.size(), StartPoint{0, from});
    };
    handler.on_revoked = [](const std::vector<TopicPartition>&, bool) {};
    consumer = std::move(*GroupConsumer::create(broker(), topic + ".group", {topic}, {}, handler));
  }
  void step() {
    (void)consumer->poll(milliseconds(10));
    std::vector<Record> records;
    consumer->queue(0).consume(records, 100, milliseconds(10));
    for (const Record& record : records) {
      if (const auto error = record.error()) {
        errors.push_back(*error);
      } else {
        values.emplace_back(record.value());
      }
    }
  }
};

TEST(Broker, GroupConsumerReadsFromTheOffsetItIsGiven) {
  TestTopic topic(2);
  topic.fill({"a", "b", "c"});
  Reader reader(topic.name(), KafkaOffset(0));
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return reader.values.size() == 3;
  }));
  EXPECT_THAT(reader.values, ElementsAre("a", "b", "c"));
  topic.fill({"d"});
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return reader.values.size() == 4;
  }));
}

TEST(Broker, GroupConsumerReportsPurgedRecordsAndReadsOnWhereItIsSought) {
  TestTopic topic;
  topic.fill({"a", "b", "c"});
  topic.delete_records_before(2);
  Reader reader(topic.name(), KafkaOffset(0));
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return !reader.errors.empty();
  }));
  EXPECT_EQ(reader.errors[0].kind, KafkaError::Kind::kOffsetOutOfRange) << reader.errors[0].message;
  EXPECT_THAT(reader.values, IsEmpty());
  ASSERT_TRUE(reader.consumer->seek(topic.first(), KafkaOffset(2), kPatience).has_value());
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return !reader.values.empty();
  }));
  EXPECT_THAT(reader.values, ElementsAre("c"));
}

TEST(Broker, GroupConsumerFindsATopicThatWasMadeAgain) {
  TestTopic topic;
  topic.fill({"a", "b"});
  Reader reader(topic.name(), kBeginning);
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return reader.values.size() == 2;
  }));
  topic.remove();
  topic.create();
  topic.fill({"c"});
  // Either the group assigns the new topic anew, or the old place is out of range in it.
  ASSERT_TRUE(eventually([&] {
    reader.step();
    return reader.values.size() > 2 || !reader.errors.empty();
  }));
  for (std::size_t i = 2; i < reader.values.size(); ++i) EXPECT_EQ(reader.values[i], "c");
}

}  // namespace
}  // namespace farshore::kafka
