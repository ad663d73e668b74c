#include "kafka/tail_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mock_cluster.hpp"

namespace farshore::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TopicPartition kPartition = {"changes", PartitionId(0)};

struct FilledTopic {
  MockCluster cluster;
  std::unique_ptr<TailReader> reader;

  FilledTopic() {
    cluster.create_topic("changes", 1);
    TestProducer(cluster.settings()).send_all("changes", 0, {"a", "b", "c", "d"});
    reader = std::move(*TailReader::create(cluster.settings()));
  }
};

TEST(TailReader, ReadsFromAnOffsetToTheEnd) {
  FilledTopic filled;
  EXPECT_THAT(values_in(filled.cluster.settings(), kPartition, KafkaOffset(2)), ElementsAre("c", "d"));
  EXPECT_THAT(values_in(filled.cluster.settings(), kPartition), ElementsAre("a", "b", "c", "d"));
}

TEST(TailReader, ReadsNothingAtOrBeyondTheEnd) {
  FilledTopic filled;
  EXPECT_THAT(values_in(filled.cluster.settings(), kPartition, KafkaOffset(4)), IsEmpty());
  EXPECT_THAT(values_in(filled.cluster.settings(), kPartition, KafkaOffset(400)), IsEmpty());
}

TEST(TailReader, StopsWhenTheCallbackSaysSo) {
  FilledTopic filled;
  std::vector<std::string> values;
  const auto range = filled.reader->read_range(
      kPartition, kBeginning,
      [&](const Record& record) {
        values.emplace_back(record.value());
        return record.value() != "b";
      },
      kPatience);
  ASSERT_TRUE(range.has_value());
  EXPECT_TRUE(range->stopped);
  EXPECT_EQ(range->low, KafkaOffset(0));
  EXPECT_EQ(range->end, KafkaOffset(4));
  EXPECT_THAT(values, ElementsAre("a", "b"));
}

TEST(TailReader, ReadsOnePartitionAfterAnother) {
  FilledTopic filled;
  filled.cluster.create_topic("others", 2);
  TestProducer(filled.cluster.settings()).send_all("others", 1, {"x"});
  for (int round = 0; round < 3; ++round) {
    std::size_t count = 0;
    const auto each = [&](const Record&) {
      ++count;
      return true;
    };
    ASSERT_TRUE(filled.reader->read_range(kPartition, kBeginning, each, kPatience).has_value());
    ASSERT_TRUE(filled.reader->read_range({"others", PartitionId(1)}, kBeginning, each, kPatience).has_value());
    ASSERT_TRUE(filled.reader->read_range({"others", PartitionId(0)}, kBeginning, each, kPatience).has_value());
    EXPECT_EQ(count, 5U);
  }
}

TEST(TailReader, GivesUpWhenItIsAskedTo) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  settings.give_up = [] { return true; };
  const auto began = std::chrono::steady_clock::now();
  const auto each = [](const Record&) { return true; };
  EXPECT_FALSE((*TailReader::create(settings))->read_range(kPartition, kBeginning, each, kPatience).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience / 4);
}

TEST(TailReader, GivesUpBetweenTwoRecords) {
  FilledTopic filled;
  ClusterSettings settings = filled.cluster.settings();
  std::size_t count = 0;
  settings.give_up = [&] { return count == 2; };
  const auto each = [&](const Record&) {
    ++count;
    return true;
  };
  EXPECT_FALSE((*TailReader::create(settings))->read_range(kPartition, kBeginning, each, kPatience).has_value());
  EXPECT_EQ(count, 2U);
}

TEST(TailReader, SaysThatNoBrokerAnswers) {
  ClusterSettings settings;
  settings.bootstrap = "127.0.0.1:1";
  const auto reader = TailReader::create(settings);
  const auto each = [](const Record&) { return true; };
  const auto range = (*reader)->read_range(kPartition, kBeginning, each, milliseconds(300));
  ASSERT_FALSE(range.has_value());
  EXPECT_TRUE(range.error().retry());
}

}  // namespace
}  // namespace farshore::kafka
