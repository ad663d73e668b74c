#include <gmock/gmock.h>

#include <optional>
#include <thread>

#include "memory_records.hpp"
#include "services/apply/pipeline.hpp"
#include "unit/apply/fake_target.hpp"
#include "unit/apply/records.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const kafka::TopicPartition kPlace{"farshore.changes.west.main", PartitionId(2)};

/// A worker between records in memory and a fake target: what Kafka does comes when the test says.
class TheGathering : public ::testing::Test {
 protected:
  TheGathering() {
    config_.apply.origins = {"west"};
    config_.streams["main"];
    metrics_.emplace(registry_, config_);
    writer_.emplace(writer_settings(target_), metrics_->counts(), [](NoticeLevel, const std::string&) {});
    PipelineSettings pipeline;
    pipeline.work_set_rows = 1;
    pipeline.linger = 0ms;
    pipeline.retry_interval = 10ms;
    pipeline_.emplace(records_, *writer_, *metrics_, pipeline);
    write();
    gathering_ = std::jthread([this](const std::stop_token& stop) { pipeline_->gather(stop); });
  }
  ~TheGathering() override {
    gathering_.request_stop();
    writing_.request_stop();
  }
  void write() {
    writing_ = std::jthread([this](const std::stop_token& stop) { pipeline_->write(stop); });
  }
  void do_not_write() { writing_ = std::jthread(); }

  void assign() {
    pipeline_->assign(
        {{.source = kPlace, .key = partition_key(), .topic_id = "topic", .generation = MemoryRecords::kGeneration}});
  }
  static bool eventually(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  /// Until the partition's durable progress is at this seq and in this state.
  bool arrives(const std::string& seq, const std::string& state = "applying") {
    return eventually([&] {
      const Fields row = target_.progress();
      return row.contains("seq") && row.at("seq") == seq && row.at("state") == state;
    });
  }
  bool goes_round(std::uint64_t times) {
    const std::uint64_t before = pipeline_->rounds();
    return eventually([&] { return pipeline_->rounds() >= before + times; });
  }
  std::shared_ptr<OwnedBatch> next_insert(std::uint64_t number, std::string_view note = "a") {
    return topic_.transaction(number).insert(static_cast<std::int64_t>(number), note).end().send();
  }
  double received_batches() {
    const std::string text = registry_.scrape();
    const std::size_t at = text.find("farshore_apply_received_batches_total{");
    return at == std::string::npos ? -1 : std::stod(text.substr(text.find("} ", at) + 2));
  }
  std::string written() {
    std::string all;
    for (const std::string& write : target_.take_writes()) all += write + "\n";
    return all;
  }

  FakeTarget target_;
  service::Config config_;
  service::Metrics registry_;
  std::optional<ApplyMetrics> metrics_;
  Topic topic_;
  MemoryRecords records_{kPlace};
  std::optional<WorkSetWriter> writer_;
  std::optional<Pipeline> pipeline_;
  std::jthread gathering_;
  std::jthread writing_;
};

TEST_F(TheGathering, LeavesOutWhatCameUnderAnotherAssignment) {
  records_.append(topic_.epoch_start(first_start()));
  assign();
  ASSERT_TRUE(arrives("0"));
  const auto stale = Topic().transaction(1).insert(1, "stale").end().send();
  records_.deliver({records_.arrival(stale, MemoryRecords::kGeneration + 1)});
  records_.append(next_insert(1));
  ASSERT_TRUE(arrives("1"));
  EXPECT_THAT(written(), AllOf(HasSubstr("(1,'a')"), Not(HasSubstr("stale"))));
}

TEST_F(TheGathering, BeginsAnewWhenItsOffsetIsGoneAndLeavesOutWhatCameWithTheWord) {
  target_.store_offset(500);
  const auto start = topic_.epoch_start(first_start());
  const auto first = next_insert(1);
  assign();
  ASSERT_TRUE(eventually([&] { return !records_.is_paused(); }));
  records_.deliver({records_.failure(kafka::KafkaError::Kind::kOffsetOutOfRange), records_.arrival(first)});
  ASSERT_TRUE(eventually([&] { return records_.gone_to().size() == 2; }));
  EXPECT_THAT(records_.gone_to(), ElementsAre(KafkaOffset(500), kafka::kBeginning));
  ASSERT_TRUE(goes_round(2));
  EXPECT_EQ(received_batches(), 0) << "what was fetched before the partition went to its beginning comes again";
  records_.append(start);
  records_.append(first);
  EXPECT_TRUE(arrives("1"));
}

TEST_F(TheGathering, AsksAgainForAPartitionThatCannotBeSought) {
  records_.append(topic_.epoch_start(first_start()));
  records_.append(next_insert(1));
  records_.refuse("no broker answers");
  assign();
  ASSERT_TRUE(eventually([&] {
    const auto status = pipeline_->status();
    return !status.empty() && !status[0].is_loaded && status[0].reason == "no broker answers";
  }));
  ASSERT_TRUE(eventually([&] { return records_.gone_to().size() >= 3; }));
  EXPECT_TRUE(records_.is_paused());
  records_.refuse(std::nullopt);
  EXPECT_TRUE(arrives("1"));
}

TEST_F(TheGathering, TakesNoMoreThanTwoWorkSetsWhileNothingIsWritten) {
  records_.append(topic_.epoch_start(first_start()));
  records_.append(next_insert(1));
  assign();
  ASSERT_TRUE(arrives("1"));
  do_not_write();
  const std::size_t before = records_.given();
  for (std::uint64_t number = 2; number <= 21; ++number) records_.append(next_insert(number));
  ASSERT_TRUE(eventually([&] { return records_.given() > before; }));
  ASSERT_TRUE(goes_round(3));
  EXPECT_LE(records_.given() - before, 4U) << "a work set of a row ends with the two records that come at once";
  write();
  EXPECT_TRUE(arrives("21"));
}

TEST_F(TheGathering, StandsPausedAtABarrierAndGoesOnBehindItsStart) {
  records_.append(topic_.epoch_start(first_start()));
  records_.append(next_insert(1));
  assign();
  ASSERT_TRUE(arrives("1"));
  Topic next(kNextEpoch);
  // Both topics count their records from 100.
  for (int i = 0; i < 2; ++i) (void)next.epoch_start(continuing_start(1));
  const auto start = next.epoch_start(continuing_start(1));
  records_.append(start);
  records_.append(next.transaction(2).insert(2, "b").end().send());
  ASSERT_TRUE(arrives("1", "at-barrier"));
  EXPECT_TRUE(records_.is_paused());
  EXPECT_THAT(written(), Not(HasSubstr("(2,'b')")));
  target_.write_progress(0, {{"epoch", "4"}, {"incarnation", "88"}, {"seq", "0"}});
  ASSERT_TRUE(eventually([&] { return target_.progress().at("epoch") == "4"; }));
  ASSERT_TRUE(arrives("1"));
  EXPECT_EQ(records_.gone_to().back(), start->offset.next());
  EXPECT_THAT(written(), HasSubstr("(2,'b')"));
}

}  // namespace
}  // namespace farshore::apply
