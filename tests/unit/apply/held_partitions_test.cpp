#include "apply/held_partitions.hpp"

#include <thread>

#include "base/pause.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TakingOver : public Writing {};

TEST_F(TakingOver, MakesTheRowOfANewPartitionAndTakesIt) {
  load();
  const Fields row = target_.progress();
  EXPECT_EQ(row.at("epoch"), "0");
  EXPECT_EQ(row.at("state"), "applying");
  EXPECT_EQ(row.at("owner"), "apply-1/0");
  EXPECT_EQ(row.at("writes"), "1");
}

TEST_F(TakingOver, TakingAPartitionOverIsAWriteThatTheOwnerBeforeRunsInto) {
  stored(applied_up_to(10, 4));
  const std::string before = target_.progress().at("writes");
  load();
  EXPECT_EQ(intake_->row().seq, Seq(10));
  EXPECT_EQ(intake_->row().origin_position, position_after(4));
  EXPECT_EQ(target_.progress().at("owner"), "apply-1/0");
  EXPECT_NE(target_.progress().at("writes"), before);
}

TEST_F(TakingOver, LettingAPartitionGoClearsItsOwner) {
  stored_and_loaded(applied_up_to(10, 4));
  writer_->release(partition_key());
  EXPECT_EQ(target_.progress().at("owner"), "");
  EXPECT_EQ(target_.progress().at("seq"), "10");
}

TEST_F(TakingOver, OfATopicWhoseIdIsNotKnownItNeitherReadsNorKeepsAnOffset) {
  stored(applied_up_to(0));
  target_.store_offset(50);
  std::vector<Outcome> outcomes;
  for (const char* const topic_id : {"topic", ""}) {
    writer_->load(std::vector<LoadRequest>{{.key = partition_key(), .topic_id = topic_id}}, outcomes, never_);
    ASSERT_TRUE(is<Loaded>(outcomes.back()));
    EXPECT_EQ(std::get<Loaded>(outcomes.back()).offset.has_value(), topic_id[0] != 0);
    intake_.emplace(std::get<Loaded>(outcomes.back()).row, WholeTransaction{});
    Topic topic(kEpoch, std::get<Loaded>(outcomes.back()).row.seq.raw() + 1);
    take(topic.transaction(outcomes.size()).insert(1, "a").end().send());
    write();
    writer_->release(partition_key());
    writes_ = target_.take_writes();
    EXPECT_EQ(was_written("INSERT INTO farshore.channel_offset"), topic_id[0] != 0);
  }
}

TEST_F(TakingOver, APartitionThatCannotBeTakenOverDoesNotHoldUpAStop) {
  load();
  target_.deny("SELECT kafka_offset");
  std::stop_source stop;
  stop.request_stop();
  store::PartitionKey other = partition_key();
  other.partition = PartitionId(3);
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = other, .topic_id = "topic"}}, outcomes, stop.get_token());
  EXPECT_THAT(outcomes, IsEmpty());
}

TEST_F(TakingOver, APartitionThatCannotBeTakenOverDoesNotHoldUpTheOthers) {
  stored_and_loaded(applied_up_to(0));
  target_.deny("SELECT kafka_offset");
  std::stop_source stop;
  const std::jthread deadline([&](const std::stop_token& done) {
    pause_for(std::chrono::seconds(20), done);
    stop.request_stop();
  });
  store::PartitionKey other = partition_key();
  other.partition = PartitionId(3);
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = other, .topic_id = "topic", .number = 7}}, outcomes, stop.get_token());
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(is<NotLoaded>(outcomes[0]));
  EXPECT_EQ(std::get<NotLoaded>(outcomes[0]).load, 7U);
  EXPECT_EQ(std::get<NotLoaded>(outcomes[0]).reason, "1142 command denied to user");
  take(Topic().transaction(1).insert(1, "a").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
}

TEST_F(TakingOver, AnswersALoadWithItsNumber) {
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = partition_key(), .topic_id = "topic", .number = 7}}, outcomes, never_);
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(is<Loaded>(outcomes[0]));
  EXPECT_EQ(std::get<Loaded>(outcomes[0]).load, 7U);
}

}  // namespace
}  // namespace farshore::apply
