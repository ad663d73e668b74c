#include "capture/publish/publisher.hpp"

#include <gtest/gtest.h>

#include "change/table_rules.hpp"
#include "unit/gtid_literal.hpp"
#include "unit/kafka/mock_cluster.hpp"

namespace farshore::capture {
namespace {

/// A publisher of two partitions on a mock cluster.
class Publishing : public ::testing::Test {
 protected:
  Publishing() {
    cluster_.create_topic("farshore.changes.east.main", 2);
    counts_.streams["main"];
    auto publisher = Publisher::create(
        cluster_.settings(), {}, {.origin = "east", .partitions = partitions_, .ending = ending_, .counts = counts_});
    EXPECT_TRUE(publisher.has_value()) << publisher.error().message;
    publisher_ = std::move(*publisher);
  }
  double watermarks_after_one_more() {
    publisher_->send_watermark(
        {.time = SourceTime(std::chrono::seconds(1)), .position = "1-101-1"_position, .seq = {}, .clock_offset = {}},
        {});
    EXPECT_TRUE(publisher_->wait_acknowledged());
    return counts_.stream("main").published_watermarks.value();
  }

  const change::TableRules rules_ =
      *change::TableRules::make({{.name = "main", .tables = {"*.*"}, .partitions = 2}}, {});
  const Partitions partitions_{rules_.numbering()};
  kafka::MockCluster cluster_;
  SessionEnding ending_;
  Counts counts_;
  std::unique_ptr<Publisher> publisher_;
};

TEST_F(Publishing, AWatermarkWaitsUntilWhatThePartitionHeldIsReadAgain) {
  const EpochId epoch{Epoch(1), Incarnation(1)};
  publisher_->writers()[0].start(epoch, Seq(3), {});
  publisher_->writers()[1].start(epoch, Seq(3), {.seq = Seq(5), .gtid = "1-101-9", .ordinal = Ordinal(0)});
  EXPECT_EQ(watermarks_after_one_more(), 1) << "seq 3 to 5 are only said to be in the second partition";
  publisher_->writers()[1].start(epoch, Seq(6), {.seq = Seq(5), .gtid = "1-101-9", .ordinal = Ordinal(0)});
  EXPECT_EQ(watermarks_after_one_more(), 3);
}

}  // namespace
}  // namespace farshore::capture
