#include "kafka/group_consumer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mock_cluster.hpp"

namespace farshore::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr milliseconds kSession{10'000};  ///< a loaded machine does not end it
/// For groups that change: the mock cluster waits for their members nearly as long as a session.
constexpr milliseconds kShortSession{1'000};

/// A member of a group that reads all its workers on the test's thread and keeps what it saw.
struct Member {
  std::map<TopicPartition, StartPoint> starts;  ///< where not named: worker 0, from the beginning
  std::set<TopicPartition> assigned;
  std::uint64_t generation = 0;
  std::map<TopicPartition, std::vector<std::string>> values;
  std::map<TopicPartition, std::size_t> worker_of;
  std::vector<Record> errors;
  std::unique_ptr<GroupConsumer> consumer;
  std::size_t workers = 2;

  Member(const ClusterSettings& settings, const std::string& topics, milliseconds session = kSession) {
    ConsumerLimits limits;
    limits.workers = workers;
    limits.topic_refresh = milliseconds(200);
    limits.session_timeout = session;
    RebalanceHandler handler;
    handler.on_assigned = [this](const std::vector<TopicPartition>& partitions, std::uint64_t number) {
      generation = number;
      std::vector<StartPoint> points;
      for (const TopicPartition& partition : partitions) {
        assigned.insert(partition);
        const auto named = starts.find(partition);
        points.push_back(named == starts.end() ? StartPoint{0, kBeginning} : named->second);
      }
      return points;
    };
    handler.on_revoked = [this](const std::vector<TopicPartition>& partitions, bool) {
      for (const TopicPartition& partition : partitions) assigned.erase(partition);
    };
    auto made = GroupConsumer::create(settings, "apply", {topics}, limits, std::move(handler));
    EXPECT_TRUE(made.has_value()) << made.error().message;
    consumer = std::move(*made);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() {
    errors.clear();
    consumer.reset();
  }

  void step() {
    (void)consumer->poll(milliseconds(5));
    for (std::size_t i = 0; i < workers; ++i) {
      std::vector<Record> records;
      consumer->queue(i).consume(records, 100, milliseconds(5));
      for (Record& record : records) {
        const TopicPartition partition{std::string(record.topic()), record.partition()};
        worker_of[partition] = i;
        if (record.error()) {
          errors.push_back(std::move(record));
        } else {
          EXPECT_EQ(record.generation(), generation);
          EXPECT_EQ(record.header(), "header of " + std::string(record.value()));
          values[partition].emplace_back(record.value());
        }
      }
    }
  }
  bool step_until(const std::function<bool()>& done) {
    return eventually([&] {
      step();
      return done();
    });
  }
  void step_for(milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) step();
  }
  std::size_t count() const {
    std::size_t sum = 0;
    for (const auto& [partition, seen] : values) sum += seen.size();
    return sum;
  }
};

const TopicPartition kFirst = {"farshore.changes.east.main", PartitionId(0)};
const TopicPartition kSecond = {"farshore.changes.east.main", PartitionId(1)};
constexpr const char* kPattern = "^farshore[.]changes[.]east[.].*";

struct Filled {
  MockCluster cluster;
  TestProducer producer{cluster.settings()};

  Filled() {
    cluster.create_topic(kFirst.topic, 2);
    producer.send_all(kFirst.topic, 0, {"a0", "a1", "a2"});
    producer.send_all(kFirst.topic, 1, {"b0", "b1", "b2"});
  }
};

TEST(GroupConsumer, GivesEachPartitionToItsWorkerFromItsOffset) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  member.starts[kFirst] = {0, KafkaOffset(1)};
  member.starts[kSecond] = {1, KafkaOffset(2)};
  ASSERT_TRUE(member.step_until([&] { return member.count() == 3; }));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a1", "a2"));
  EXPECT_THAT(member.values[kSecond], ElementsAre("b2"));
  EXPECT_EQ(member.worker_of[kFirst], 0U);
  EXPECT_EQ(member.worker_of[kSecond], 1U);
}

TEST(GroupConsumer, FindsATopicThatComesLater) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern, kShortSession);
  ASSERT_TRUE(member.step_until([&] { return member.count() >= 6; }));
  filled.cluster.create_topic("farshore.changes.east.bulk", 1);
  filled.producer.send_all("farshore.changes.east.bulk", 0, {"late"});
  const TopicPartition bulk = {"farshore.changes.east.bulk", PartitionId(0)};
  ASSERT_TRUE(member.step_until([&] { return !member.values[bulk].empty(); }));
}

TEST(GroupConsumer, SharesThePartitionsWithAnotherMember) {
  Filled filled;
  Member first(filled.cluster.settings(), kPattern, kShortSession);
  ASSERT_TRUE(first.step_until([&] { return first.assigned.size() == 2; }));
  auto second = std::make_unique<Member>(filled.cluster.settings(), kPattern, kShortSession);
  ASSERT_TRUE(eventually([&] {
    first.step();
    second->step();
    return first.assigned.size() == 1 && second->assigned.size() == 1;
  }));
  EXPECT_NE(first.assigned, second->assigned);
  const std::uint64_t generation = first.generation;
  second->consumer->close();
  EXPECT_THAT(second->assigned, IsEmpty()) << "close revokes";
  second.reset();
  ASSERT_TRUE(first.step_until([&] { return first.assigned.size() == 2; }));
  EXPECT_GT(first.generation, generation);
}

TEST(GroupConsumer, SeeksBackAndForth) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  ASSERT_TRUE(member.step_until([&] { return member.count() == 6; }));
  member.values.clear();
  ASSERT_TRUE(member.consumer->seek(kFirst, KafkaOffset(1), kPatience).has_value());
  ASSERT_TRUE(member.step_until([&] { return member.values[kFirst].size() == 2; }));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a1", "a2"));
  EXPECT_THAT(member.values[kSecond], IsEmpty());
}

TEST(GroupConsumer, PausedPartitionDeliversNothingAndResumesWhereItWas) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  ASSERT_TRUE(member.step_until([&] { return member.count() == 6; }));
  ASSERT_TRUE(member.consumer->pause(kFirst).has_value());
  filled.producer.send_all(kFirst.topic, 0, {"a3", "a4"});
  filled.producer.send_all(kFirst.topic, 1, {"b3"});
  ASSERT_TRUE(member.step_until([&] { return member.values[kSecond].size() == 4; }));
  member.step_for(milliseconds(200));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a0", "a1", "a2"));
  ASSERT_TRUE(member.consumer->resume(kFirst).has_value());
  ASSERT_TRUE(member.step_until([&] { return member.values[kFirst].size() == 5; }));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a0", "a1", "a2", "a3", "a4"));
}

TEST(GroupConsumer, PartitionWithoutAStartStaysPausedUntilSoughtAndResumed) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  member.starts[kFirst] = {0, std::nullopt};
  ASSERT_TRUE(member.step_until([&] { return member.values[kSecond].size() == 3; }));
  member.step_for(milliseconds(200));
  EXPECT_THAT(member.values[kFirst], IsEmpty());
  ASSERT_TRUE(member.consumer->seek(kFirst, KafkaOffset(2), kPatience).has_value());
  ASSERT_TRUE(member.consumer->resume(kFirst).has_value());
  ASSERT_TRUE(member.step_until([&] { return !member.values[kFirst].empty(); }));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a2"));
}

TEST(GroupConsumer, ReportsAnOffsetOutOfRangeAndGoesOnAfterASeek) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  member.starts[kFirst] = {0, KafkaOffset(100)};
  ASSERT_TRUE(member.step_until([&] { return !member.errors.empty() && member.values[kSecond].size() == 3; }));
  EXPECT_EQ(member.errors[0].error()->kind, KafkaError::Kind::kOffsetOutOfRange) << member.errors[0].error()->message;
  EXPECT_EQ(member.errors[0].partition(), kFirst.partition);
  ASSERT_TRUE(member.consumer->seek(kFirst, KafkaOffset(1), kPatience).has_value());
  ASSERT_TRUE(member.step_until([&] { return member.values[kFirst].size() == 2; }));
  EXPECT_THAT(member.values[kFirst], ElementsAre("a1", "a2"));
  EXPECT_THAT(member.values[kSecond], ElementsAre("b0", "b1", "b2")) << "the other partition goes on where it was";
}

TEST(GroupConsumer, PartitionThatIsPausedStaysSoWhenAnotherIsStartedAgain) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  member.starts[kFirst] = {0, KafkaOffset(100)};
  member.starts[kSecond] = {1, std::nullopt};
  ASSERT_TRUE(member.step_until([&] { return !member.errors.empty(); }));
  ASSERT_TRUE(member.consumer->seek(kFirst, KafkaOffset(0), kPatience).has_value());
  ASSERT_TRUE(member.step_until([&] { return member.values[kFirst].size() == 3; }));
  member.step_for(milliseconds(200));
  EXPECT_THAT(member.values[kSecond], IsEmpty());
  ASSERT_TRUE(member.consumer->resume(kSecond).has_value());
  ASSERT_TRUE(member.step_until([&] { return member.values[kSecond].size() == 3; }));
}

TEST(GroupConsumer, RefusesToSeekWhatIsNotAssigned) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  EXPECT_FALSE(member.consumer->seek({"elsewhere", PartitionId(0)}, KafkaOffset(0), milliseconds(100)).has_value());
}

TEST(GroupConsumer, SurvivesABrokerThatRestarts) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  ASSERT_TRUE(member.step_until([&] { return member.count() == 6; }));
  filled.cluster.stop_broker();
  member.step_for(milliseconds(300));
  filled.cluster.start_broker();
  filled.producer.send_all(kFirst.topic, 0, {"a3"});
  std::vector<std::string>& values = member.values[kFirst];
  ASSERT_TRUE(member.step_until([&] { return values.back() == "a3"; }));
  // A group that was away for longer than its session gives the partition again, to be read from its start.
  values.erase(values.begin(), std::ranges::find(values.rbegin(), values.rend(), "a0").base() - 1);
  EXPECT_THAT(values, ElementsAre("a0", "a1", "a2", "a3"));
}

TEST(GroupConsumer, CommitForDisplayDoesNotMoveTheReading) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  ASSERT_TRUE(member.step_until([&] { return member.count() == 6; }));
  member.consumer->commit_for_display({{kFirst, KafkaOffset(1)}, {kSecond, KafkaOffset(0)}});
  filled.producer.send_all(kFirst.topic, 0, {"a3"});
  ASSERT_TRUE(member.step_until([&] { return member.count() == 7; }));
  EXPECT_EQ(member.values[kFirst].back(), "a3");
}

TEST(GroupConsumer, WaitingWorkerCanBeWoken) {
  Filled filled;
  Member member(filled.cluster.settings(), kPattern);
  ASSERT_TRUE(member.step_until([&] { return member.count() == 6; }));
  member.consumer->queue(1).wake();
  std::vector<Record> records;
  const auto begun = std::chrono::steady_clock::now();
  member.consumer->queue(1).consume(records, 1, kPatience);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kPatience / 2);
}

}  // namespace
}  // namespace farshore::kafka
