#include "apply/progress_mark.hpp"

#include <gtest/gtest.h>

#include "records.hpp"
#include "unit/gtid_literal.hpp"

namespace farshore::apply {
namespace {

using namespace test;

class Mark : public ::testing::Test {
 protected:
  const change::Batch& read(const std::shared_ptr<OwnedBatch>& record) {
    EXPECT_TRUE(change::read_batch(record->header, record->value, tables_, record->batch));
    kept_.push_back(record);
    return record->batch;
  }
  /// Transactions 5, 6 and 7, with two changes each.
  const change::Batch& three_transactions() {
    Topic topic;
    for (std::uint64_t t = 5; t <= 7; ++t) {
      topic.transaction(t).insert(static_cast<std::int64_t>(t), "a").insert(static_cast<std::int64_t>(t) + 100, "b");
    }
    return read(topic.send());
  }
  static change::Watermark watermark(std::uint64_t transaction, std::uint64_t seq) {
    change::Watermark made;
    made.time = time_of(transaction);
    made.position = origin_position_after(transaction);
    made.seq = Seq(seq);
    return made;
  }
  change::TableCache tables_;
  std::vector<std::shared_ptr<OwnedBatch>> kept_;
};

TEST_F(Mark, StatesWhatIsTrueWhereverInTheBatchTheLastChangeStands) {
  const change::Batch& batch = three_transactions();
  for (std::uint32_t end = 1; end <= 6; ++end) {
    ProgressMark mark(applied_up_to(0, 4));
    mark.include(batch, end, false, false);
    const std::uint64_t transaction = 5 + (end - 1) / 2;
    EXPECT_EQ(mark.row().seq, Seq(end));
    EXPECT_EQ(mark.row().origin_position, position_after(transaction - 1)) << "the transaction may go on";
    EXPECT_EQ(mark.row().row_gtid, gtid_of(transaction));
    EXPECT_EQ(mark.row().row_ordinal, (end - 1) % 2 * 2);
    EXPECT_EQ(mark.row().commit_time, time_of(transaction));
  }
}

TEST_F(Mark, AContainedChangeDoesNotTakeThePlaceOfTheRowThatIs) {
  store::ProgressRow row = applied_up_to(0, 6, kNextEpoch);
  row.row_gtid = gtid_of(7);
  row.row_ordinal = 2;
  ProgressMark mark(row);
  mark.include(three_transactions(), 5, true, true);
  EXPECT_EQ(mark.row().seq, Seq(5));
  EXPECT_EQ(mark.row().row_gtid, gtid_of(7));
  EXPECT_EQ(mark.row().row_ordinal, 2) << "ordinal 0 of transaction 7 comes again, ordinal 2 is here";
  EXPECT_EQ(mark.row().origin_position, position_after(6));
}

TEST_F(Mark, ThePositionNeverShrinksWhileItMayHoldMoreThanTheBatch) {
  ProgressMark mark(applied_up_to(0, 20, kNextEpoch));
  mark.include(three_transactions(), 6, true, true);
  EXPECT_EQ(mark.row().origin_position, position_after(20));
}

TEST_F(Mark, CommitTimesOnlyGrow) {
  ProgressMark mark(applied_up_to(0, 4));
  mark.include(three_transactions(), 6, false, false);
  Topic topic(kEpoch, 7);
  mark.include(read(topic.transaction(3).insert(1, "a clock that went back").send()), 1, false, false);
  EXPECT_EQ(mark.row().commit_time, time_of(7));
}

TEST_F(Mark, AWatermarkOfMoreThanIsIncludedIsForLater) {
  ProgressMark mark(applied_up_to(10, 4));
  EXPECT_FALSE(mark.note(watermark(9, 11)));
  EXPECT_EQ(mark.row().safe_time, SourceTime());
  EXPECT_EQ(mark.row().origin_position, position_after(4));
}

TEST_F(Mark, AWatermarkOfExactlyThisAddsItsPosition) {
  ProgressMark mark(applied_up_to(10, 4));
  EXPECT_TRUE(mark.note(watermark(9, 10)));
  EXPECT_EQ(mark.row().safe_time, time_of(9));
  EXPECT_EQ(mark.row().origin_position, position_after(9));
}

TEST_F(Mark, AWatermarkOfAnEarlierSeqMovesOnlyTheTime) {
  ProgressMark mark(applied_up_to(10, 4));
  EXPECT_TRUE(mark.note(watermark(9, 8)));
  EXPECT_EQ(mark.row().safe_time, time_of(9));
  EXPECT_EQ(mark.row().origin_position, position_after(4));
}

TEST_F(Mark, SafeTimeNeverGoesBack) {
  ProgressMark mark(applied_up_to(10, 4));
  EXPECT_TRUE(mark.note(watermark(9, 10)));
  EXPECT_FALSE(mark.note(watermark(9, 10)));
  EXPECT_FALSE(mark.note(watermark(8, 10)));
  EXPECT_EQ(mark.row().safe_time, time_of(9));
}

TEST_F(Mark, ARowThatThePositionContainsIsForgotten) {
  store::ProgressRow row = applied_up_to(10, 4);
  row.row_gtid = gtid_of(5);
  row.row_ordinal = 6;
  ProgressMark mark(row);
  EXPECT_TRUE(mark.note(watermark(4, 10)));
  EXPECT_EQ(mark.row().row_gtid, gtid_of(5));
  EXPECT_TRUE(mark.note(watermark(5, 10)));
  EXPECT_EQ(mark.row().row_gtid, "");
  EXPECT_EQ(mark.row().row_ordinal, -1);
}

TEST_F(Mark, APositionOfTheOtherServerAddsNothing) {
  ProgressMark mark(applied_up_to(10, 4));
  change::Watermark made = watermark(9, 10);
  made.position = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9"_position;
  EXPECT_TRUE(mark.note(made));
  EXPECT_EQ(mark.row().origin_position, position_after(4));
}

TEST_F(Mark, EnteringAnEpochItContainsWhatItDidAndWhatTheEpochDoesNotPublish) {
  store::ProgressRow row = applied_up_to(10, 6);
  row.row_gtid = gtid_of(7);
  row.row_ordinal = 4;
  row.safe_time = time_of(6);
  row.state = store::PartitionState::kAtBarrier;
  row.reason = "at the start";
  row.writes = 12;
  const store::ProgressRow next = entered(row, kNextEpoch, "0-1-5,1-2-3"_position);
  EXPECT_EQ(next.epoch, kNextEpoch);
  EXPECT_EQ(next.seq, Seq(0));
  EXPECT_EQ(next.origin_position, "0-1-6,1-2-3");
  EXPECT_EQ(next.row_gtid, gtid_of(7));
  EXPECT_EQ(next.row_ordinal, 4);
  EXPECT_EQ(next.safe_time, time_of(6));
  EXPECT_EQ(next.state, store::PartitionState::kApplying);
  EXPECT_EQ(next.reason, "");
  EXPECT_EQ(next.writes, 12U);
}

TEST_F(Mark, GtidSetsOfMysqlKeepTheirHoles) {
  const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  store::ProgressRow row = applied_up_to(10);
  row.origin_position = uuid + ":1-4";
  ProgressMark mark(row);
  change::Watermark made = watermark(9, 10);
  made.position = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7"_position;
  EXPECT_TRUE(mark.note(made));
  EXPECT_EQ(mark.row().origin_position, uuid + ":1-5:7");
}

}  // namespace
}  // namespace farshore::apply
