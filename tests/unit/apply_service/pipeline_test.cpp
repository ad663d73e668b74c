#include "services/apply/pipeline.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "services/apply/group_records.hpp"
#include "unit/apply/fake_target.hpp"
#include "unit/apply/records.hpp"
#include "unit/kafka/mock_cluster.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using namespace std::chrono_literals;
using kafka::eventually;
using kafka::TopicPartition;

const std::string kTopic = "farshore.changes.west.main";

/// A worker between Kafka's mock brokers and a fake target, with its threads; the test polls for the group.
class ThePipeline : public ::testing::Test {
 protected:
  ThePipeline() {
    cluster_.create_topic(kTopic, 3);
    config_.apply.origins = {"west"};
    config_.streams["main"];
    metrics_.emplace(registry_, config_);
    producer_.emplace(cluster_.settings());
  }
  ~ThePipeline() override { stop(); }

  void start() {
    kafka::ConsumerLimits limits;
    limits.session_timeout = 1000ms;
    limits.topic_refresh = 200ms;
    kafka::RebalanceHandler handler{
        .on_assigned = [this](const auto& partitions,
                              std::uint64_t generation) { return assign(partitions, generation); },
        .on_revoked = [this](const auto& partitions, bool) { pipeline_->revoke(partitions, 5000ms); }};
    auto consumer = kafka::GroupConsumer::create(cluster_.settings(), "apply", {kTopic}, limits, std::move(handler));
    ASSERT_TRUE(consumer) << consumer.error().message;
    consumer_ = std::move(*consumer);
    writer_.emplace(writer_settings(target_), metrics_->counts(), [](NoticeLevel, const std::string&) {});
    PipelineSettings pipeline;
    pipeline.retry_interval = 300ms;
    records_.emplace(*consumer_, 0);
    pipeline_.emplace(*records_, *writer_, *metrics_, pipeline);
    gathering_ = std::jthread([this](const std::stop_token& stop) { pipeline_->gather(stop); });
    writing_ = std::jthread([this](const std::stop_token& stop) { pipeline_->write(stop); });
  }
  void stop() {
    if (consumer_) consumer_->close();
    for (std::jthread* const thread : {&gathering_, &writing_}) {
      thread->request_stop();
      if (thread->joinable()) thread->join();
    }
    pipeline_.reset();
    records_.reset();
    writer_.reset();
    consumer_.reset();
  }

  std::vector<kafka::StartPoint> assign(const std::vector<TopicPartition>& partitions, std::uint64_t generation) {
    std::vector<Assigned> given;
    for (const TopicPartition& source : partitions) {
      given.push_back(
          {.source = source, .key = {"west", "main", source.partition}, .topic_id = "topic", .generation = generation});
    }
    pipeline_->assign(std::move(given));
    return std::vector<kafka::StartPoint>(partitions.size());
  }

  /// Until the partition's durable progress is at this seq and in this state.
  bool arrives(const std::string& seq, const std::string& state = "applying") {
    return eventually([&] {
      (void)consumer_->poll(5ms);
      const Fields row = target_.progress();
      return row.contains("seq") && row.at("seq") == seq && row.at("state") == state;
    });
  }
  bool arrives_when(const std::function<bool()>& done) {
    return eventually([&] {
      (void)consumer_->poll(5ms);
      return done();
    });
  }
  void publish(const std::shared_ptr<OwnedBatch>& record) {
    ASSERT_EQ(producer_->producer->send(producer_->topic(kTopic), PartitionId(2), record->header, record->value, 0),
              kafka::SendResult::kQueued);
    ASSERT_TRUE(producer_->producer->flush(kafka::kPatience));
  }
  double received_batches() { return metrics_->stream("west", "main").received_batches.value(); }
  std::shared_ptr<OwnedBatch> next_insert(std::uint64_t number) {
    return topic_.transaction(number).insert(static_cast<std::int64_t>(number), "a").end().send();
  }

  kafka::MockCluster cluster_;
  FakeTarget target_;
  service::Config config_;
  service::Metrics registry_;
  std::optional<ApplyMetrics> metrics_;
  std::optional<kafka::TestProducer> producer_;
  Topic topic_;
  std::unique_ptr<kafka::GroupConsumer> consumer_;
  std::optional<WorkSetWriter> writer_;
  std::optional<GroupRecords> records_;
  std::optional<Pipeline> pipeline_;
  std::jthread gathering_;
  std::jthread writing_;
};

TEST_F(ThePipeline, BringsATopicsChangesIntoTheTarget) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  start();
  ASSERT_TRUE(arrives("1"));
  publish(next_insert(2));
  publish(next_insert(3));
  ASSERT_TRUE(arrives("3"));
  EXPECT_EQ(target_.progress().at("epoch"), "3");
  EXPECT_EQ(target_.progress().at("owner"), "apply-1/0");
}

TEST_F(ThePipeline, StopsAtAHoleAndGoesOnWhenWhatIsMissingComes) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  const auto missing = next_insert(2);
  const auto behind = next_insert(3);
  publish(behind);
  start();
  ASSERT_TRUE(arrives("1", "hole"));
  EXPECT_THAT(target_.progress().at("reason"), ::testing::HasSubstr("seq 2 of epoch 3"));
  for (const std::string& write : target_.take_writes()) {
    EXPECT_THAT(write, ::testing::Not(::testing::HasSubstr("(3,'a')"))) << "nothing after the hole is applied";
  }
  publish(missing);
  publish(behind);
  ASSERT_TRUE(arrives("3"));
}

TEST_F(ThePipeline, SearchesTheTopicAgainWhileItStandsAtAHole) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  (void)next_insert(2);
  const auto behind = next_insert(3);
  publish(behind);
  start();
  ASSERT_TRUE(arrives("1", "hole"));
  double published = 3;
  EXPECT_TRUE(arrives_when([&] {
    publish(behind);
    published += 1;
    return received_batches() > published + 6;
  })) << "each record is read again and again";
  EXPECT_EQ(target_.progress().at("seq"), "1");
}

TEST_F(ThePipeline, GoesOnWhereTheProgressStandsAfterARestart) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  start();
  ASSERT_TRUE(arrives("1"));
  stop();
  EXPECT_EQ(target_.progress().at("owner"), "") << "the partition is let go";
  publish(next_insert(2));
  (void)target_.take_writes();
  start();
  ASSERT_TRUE(arrives("2"));
  for (const std::string& write : target_.take_writes())
    EXPECT_THAT(write, ::testing::Not(::testing::HasSubstr("(1,'a')")));
}

TEST_F(ThePipeline, LooksAgainWhenAnotherWriterHasMovedTheProgress) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  start();
  ASSERT_TRUE(arrives("1"));
  target_.write_progress(2, {{"seq", "2"}, {"owner", "apply-2/0"}});
  publish(next_insert(2));
  publish(next_insert(3));
  ASSERT_TRUE(arrives("3"));
  for (const std::string& write : target_.take_writes()) {
    EXPECT_THAT(write, ::testing::Not(::testing::HasSubstr("`shop`.`notes` (`id`,`note`) VALUES (2,'a')")))
        << "the other writer has applied seq 2";
  }
}

TEST_F(ThePipeline, WaitsForATableAndGoesOnByItself) {
  target_.drop_table("notes");
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  start();
  ASSERT_TRUE(arrives("0", "waiting-for-schema"));
  EXPECT_TRUE(arrives_when([&] {
    const auto status = pipeline_->status();
    return std::ranges::any_of(status, [](const PartitionStatus& partition) {
      return partition.key == partition_key() && partition.state == PartitionState::kWaitingForSchema;
    });
  }));
  target_.add_table("notes");
  ASSERT_TRUE(arrives("1"));
}

TEST_F(ThePipeline, WhatLiesBeforeAChangeThatWaitsIsApplied) {
  publish(topic_.epoch_start(first_start()));
  for (std::uint64_t i = 1; i <= 3; ++i) publish(next_insert(i));
  publish(topic_.transaction(4).table(notes_shape("later")).insert(4, "a").end().send());
  start();
  ASSERT_TRUE(arrives("3", "waiting-for-schema"));
  target_.drop_table("notes");
  target_.add_table("later");
  EXPECT_TRUE(arrives("4")) << "it needs nothing of what is behind it";
  target_.add_table("notes");
  publish(topic_.transaction(5).table(notes_shape("notes")).insert(5, "a").end().send());
  ASSERT_TRUE(arrives("5"));
}

TEST_F(ThePipeline, AnUnreadableRecordStopsThePartition) {
  publish(topic_.epoch_start(first_start()));
  const auto record = next_insert(1);
  record->value_bytes.back() ^= 1;
  record->value = record->value_bytes;
  publish(record);
  publish(next_insert(2));
  start();
  ASSERT_TRUE(arrives("0", "unreadable-batch"));
}

TEST_F(ThePipeline, PassesIntoTheNextEpochOnceAllPartitionsAreThere) {
  publish(topic_.epoch_start(first_start()));
  publish(next_insert(1));
  start();
  ASSERT_TRUE(arrives("1"));
  change::EpochStart start_record = continuing_start(1);  // names the partition 0 too, of which nothing came
  Topic next(kNextEpoch);
  publish(next.epoch_start(start_record));
  publish(next.transaction(2).insert(2, "b").end().send());
  ASSERT_TRUE(arrives("1", "at-barrier"));
  EXPECT_EQ(target_.progress().at("epoch"), "3");
  target_.write_progress(0, {{"epoch", "4"}, {"incarnation", "88"}, {"seq", "0"}});
  ASSERT_TRUE(arrives_when([&] { return target_.progress().at("epoch") == "4"; }));
  ASSERT_TRUE(arrives("1"));
}

}  // namespace
}  // namespace farshore::apply
