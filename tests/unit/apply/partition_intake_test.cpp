#include "apply/partition_intake.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "records.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Step = Intake::Step;

/// A partition's records in, work sets out.
class TheIntake : public ::testing::Test {
 protected:
  void begin(const ProgressRow& row, WholeTransaction whole = {}) { intake_.emplace(row, whole); }

  Intake take(const std::shared_ptr<OwnedBatch>& record) { return intake_->take(record, tables_, set_); }

  /// The ids of the rows in the set that are to be written, in order.
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> ids;
    for (const BatchPart& part : set_.parts()) {
      for (std::uint32_t i = part.begin; i < part.end; ++i) {
        if (!part.is_contained(i)) ids.push_back(part.batch->batch.changes()[i].row()[0].as_int());
      }
    }
    return ids;
  }
  const Slice& slice() const {
    EXPECT_THAT(set_.slices(), SizeIs(1));
    return set_.slices().front();
  }
  void hand_over() { set_.clear(); }

  change::TableCache tables_;
  WorkSet set_;
  std::optional<PartitionIntake> intake_;
};

// --- changes

TEST_F(TheIntake, GathersTheNextChangesWithTheProgressThatIsTrueOfThem) {
  begin(applied_up_to(10, 4));
  Topic topic(kEpoch, 11);
  const Intake intake = take(topic.transaction(5).insert(1, "a").insert(2, "b").end().send());
  EXPECT_EQ(intake.step, Step::kGathered);
  EXPECT_EQ(intake.rows, 2U);
  EXPECT_EQ(intake.duplicates, 0U);
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(slice().key, partition_key());
  EXPECT_EQ(slice().base_seq, Seq(10));
  EXPECT_EQ(slice().base_epoch, kEpoch);
  EXPECT_EQ(slice().next.seq, Seq(12));
  EXPECT_EQ(slice().next.origin_position, position_after(4));
  EXPECT_EQ(slice().next.row_gtid, gtid_of(5));
  EXPECT_EQ(slice().next.row_ordinal, 2);
  EXPECT_EQ(slice().next.commit_time, time_of(5));
  EXPECT_EQ(slice().next_offset, KafkaOffset(101));
}

TEST_F(TheIntake, DropsWhatIsRepeated) {
  begin(applied_up_to(0));
  Topic topic;
  const auto record = topic.transaction(1).insert(1, "a").send();
  EXPECT_EQ(take(record).step, Step::kGathered);
  const Intake again = take(record);
  EXPECT_EQ(again.step, Step::kDropped);
  EXPECT_EQ(again.rows, 1U);
  EXPECT_EQ(again.duplicates, 1U);
  EXPECT_THAT(ids(), ElementsAre(1));
}

TEST_F(TheIntake, TakesOnlyTheNewPartOfABatchThatOverlaps) {
  begin(applied_up_to(2, 0));
  Topic topic;
  const Intake intake = take(topic.transaction(1).insert(1, "a").insert(2, "b").insert(3, "c").send());
  EXPECT_EQ(intake.rows, 3U);
  EXPECT_EQ(intake.duplicates, 2U);
  EXPECT_THAT(ids(), ElementsAre(3));
}

TEST_F(TheIntake, ALaterBatchOfTheSameSetMovesTheSameSlice) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").end().send());
  take(topic.transaction(2).insert(2, "b").end().send());
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(slice().base_seq, Seq(0));
  EXPECT_EQ(slice().next.seq, Seq(2));
  EXPECT_EQ(slice().rows, 2U);
}

TEST_F(TheIntake, TheNextSetBeginsWhereThisOneEnds) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").end().send());
  hand_over();
  take(topic.transaction(2).insert(2, "b").end().send());
  EXPECT_EQ(slice().base_seq, Seq(1));
  EXPECT_EQ(slice().next.seq, Seq(2));
}

TEST_F(TheIntake, InANewEpochWhatIsContainedIsCountedAndNotWritten) {
  begin(applied_up_to(0, 6, kNextEpoch));
  Topic topic(kNextEpoch);
  take(topic.transaction(6).insert(1, "old").transaction(7).insert(2, "new").end().send());
  EXPECT_THAT(ids(), ElementsAre(2));
  EXPECT_EQ(slice().rows, 2U);
  EXPECT_EQ(slice().contained, 1U);
  EXPECT_EQ(slice().next.seq, Seq(2));
}

// --- gaps and refusals

TEST_F(TheIntake, AHoleStopsAndSaysWhatIsMissing) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").end().send());
  const auto behind = topic.skip(2).transaction(4).insert(4, "d").send();
  EXPECT_EQ(take(behind).step, Step::kGap);
  EXPECT_THAT(ids(), ElementsAre(1)) << "nothing after the hole is applied";
  EXPECT_EQ(slice().next.seq, Seq(1));
  EXPECT_EQ(slice().next.state, PartitionState::kHole);
  EXPECT_THAT(slice().next.reason, HasSubstr("seq 2 of epoch 3"));
}

TEST_F(TheIntake, AHoleKeepsItsFirstReasonAndIsWrittenOnce) {
  begin(applied_up_to(1));
  Topic topic(kEpoch, 3);
  EXPECT_EQ(take(topic.transaction(3).insert(3, "c").send()).step, Step::kGap);
  const std::string reason = slice().next.reason;
  hand_over();
  EXPECT_EQ(take(topic.transaction(4).insert(4, "d").send()).step, Step::kGap);
  EXPECT_EQ(take(topic.watermark(4, 4)).step, Step::kGap);
  EXPECT_THAT(set_.slices(), IsEmpty());
  EXPECT_EQ(intake_->row().reason, reason);
}

TEST_F(TheIntake, AHoleThatIsFoundByReadingAgainIsLeft) {
  begin(applied_up_to(1));
  Topic topic(kEpoch, 1);
  const auto first = topic.transaction(1).insert(1, "a").end().send();
  const auto missing = topic.transaction(2).insert(2, "b").end().send();
  const auto behind = topic.transaction(3).insert(3, "c").end().send();
  EXPECT_EQ(take(behind).step, Step::kGap);
  EXPECT_EQ(take(first).step, Step::kDropped);
  EXPECT_EQ(take(missing).step, Step::kGathered);
  EXPECT_EQ(take(behind).step, Step::kGathered);
  EXPECT_THAT(ids(), ElementsAre(2, 3));
  EXPECT_EQ(slice().next.seq, Seq(3));
  EXPECT_EQ(slice().next.state, PartitionState::kApplying);
  EXPECT_THAT(slice().next.reason, IsEmpty());
}

TEST_F(TheIntake, AfterTheHoleIsLeftAnotherOneIsSaidAgain) {
  begin(applied_up_to(0));
  Topic topic(kEpoch, 1);
  const auto first = topic.transaction(1).insert(1, "a").end().send();
  const auto third = topic.skip(1).transaction(3).insert(3, "c").end().send();
  EXPECT_EQ(take(third).step, Step::kGap);
  EXPECT_THAT(intake_->row().reason, HasSubstr("seq 1 of"));
  EXPECT_EQ(take(first).step, Step::kGathered);
  EXPECT_EQ(take(third).step, Step::kGap);
  EXPECT_THAT(intake_->row().reason, HasSubstr("seq 2 of"));
  EXPECT_EQ(slice().next.reason, intake_->row().reason);
}

TEST_F(TheIntake, AHoleDoesNotMoveTheOffset) {
  begin(applied_up_to(1));
  Topic topic(kEpoch, 3);
  take(topic.transaction(3).insert(3, "c").send());
  EXPECT_FALSE(slice().next_offset.has_value());
}

TEST_F(TheIntake, AStateThatTheRowHasAlreadyIsNotWrittenAgain) {
  begin(applied_up_to(1));
  Topic topic(kEpoch, 3);
  const auto behind = topic.transaction(3).insert(3, "c").send();
  take(behind);
  const ProgressRow stored = slice().next;
  hand_over();
  begin(stored);  // the service was started again
  EXPECT_EQ(take(behind).step, Step::kGap);
  EXPECT_THAT(set_.slices(), IsEmpty());
}

TEST_F(TheIntake, ABatchOfAnotherOriginIsRefused) {
  begin(applied_up_to(0));
  Topic topic(kEpoch, 1, {"east", "main", PartitionId(2)});
  EXPECT_EQ(take(topic.transaction(1).insert(1, "a").send()).step, Step::kRefused);
  EXPECT_EQ(slice().next.state, PartitionState::kWrongOrigin);
  EXPECT_EQ(slice().next.seq, Seq(0));
  EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(TheIntake, WhatARecordSaysOfItselfBecomesPlainTextInTheReason) {
  begin(applied_up_to(0));
  Topic topic(kEpoch, 1, {"ea\xFF\n-st", "main", PartitionId(2)});
  EXPECT_EQ(take(topic.transaction(1).insert(1, "a").send()).step, Step::kRefused);
  EXPECT_THAT(slice().next.reason, HasSubstr("a batch of ea\?\?-st/main/2"));
}

TEST_F(TheIntake, ADamagedBatchIsRefused) {
  begin(applied_up_to(0));
  Topic topic;
  const auto record = topic.transaction(1).insert(1, "a").send();
  record->value_bytes[record->value_bytes.size() / 2] ^= 1;
  record->value = record->value_bytes;
  EXPECT_EQ(take(record).step, Step::kRefused);
  EXPECT_EQ(slice().next.state, PartitionState::kUnreadableBatch);
  EXPECT_THAT(slice().next.reason, HasSubstr("the batch at offset 100 is corrupt"));
  EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(TheIntake, ARecordWithoutAHeaderIsRefused) {
  begin(applied_up_to(0));
  EXPECT_EQ(take(make_record("", "anything", KafkaOffset(7))).step, Step::kRefused);
  EXPECT_EQ(slice().next.state, PartitionState::kUnreadableBatch);
  EXPECT_THAT(slice().next.reason, HasSubstr("offset 7"));
}

TEST_F(TheIntake, ANewerFormatIsRefusedAndNotPassedOver) {
  begin(applied_up_to(0));
  Topic topic;
  const auto record = topic.transaction(1).insert(1, "a").send();
  record->header_bytes[0] = 2;
  record->header = record->header_bytes;
  EXPECT_EQ(take(record).step, Step::kRefused);
  EXPECT_EQ(slice().next.state, PartitionState::kUnreadableBatch);
  EXPECT_THAT(slice().next.reason, HasSubstr("newer format"));
}

TEST_F(TheIntake, WithoutProgressItLooksForTheStartOfAFirstEpoch) {
  begin(nothing_applied());
  Topic topic(kEpoch, 50);
  EXPECT_EQ(take(topic.transaction(9).insert(1, "a").send()).step, Step::kRefused);
  EXPECT_EQ(intake_->row().state, PartitionState::kNeedsSnapshot);
  Topic fresh(kNextEpoch);
  EXPECT_EQ(take(fresh.epoch_start(first_start())).step, Step::kBarrier);
  EXPECT_EQ(intake_->row().state, PartitionState::kAtBarrier);
}

// --- watermarks

TEST_F(TheIntake, AWatermarkMovesSafeTimeAndPosition) {
  begin(applied_up_to(10, 4));
  EXPECT_EQ(take(Topic().watermark(6, 10)).step, Step::kGathered);
  EXPECT_EQ(slice().next.safe_time, time_of(6));
  EXPECT_EQ(slice().next.origin_position, position_after(6));
  EXPECT_EQ(slice().next.seq, Seq(10));
  EXPECT_EQ(slice().rows, 0U);
  EXPECT_EQ(slice().next_offset, KafkaOffset(101));
}

ProgressRow held_up(PartitionState state) {
  ProgressRow row = applied_up_to(10, 4);
  row.state = state;
  row.reason = "as it was";
  return row;
}

TEST_F(TheIntake, AWatermarkThatNamesWhatIsAppliedEndsWhatHeldThePartitionUp) {
  for (const PartitionState state : {PartitionState::kWaitingForSchema, PartitionState::kStopped,
                                     PartitionState::kUnreadableBatch, PartitionState::kWrongOrigin}) {
    begin(held_up(state));
    EXPECT_EQ(take(Topic().watermark(6, 10)).step, Step::kGathered);
    EXPECT_EQ(slice().next.state, PartitionState::kApplying) << "an idle partition too goes on";
    EXPECT_EQ(slice().next.reason, "");
    hand_over();
  }
}

TEST_F(TheIntake, AWatermarkOfLessThanWhatIsAppliedLeavesTheStateAsItIs) {
  begin(held_up(PartitionState::kWaitingForSchema));
  take(Topic().watermark(6, 9));
  EXPECT_EQ(slice().next.state, PartitionState::kWaitingForSchema);
}

TEST_F(TheIntake, AWatermarkEndsNoHole) {
  begin(held_up(PartitionState::kHole));
  take(Topic().watermark(6, 10));
  EXPECT_EQ(slice().next.state, PartitionState::kHole) << "what is missing is behind it";
}

TEST_F(TheIntake, AnOlderWatermarkSaysNothingNew) {
  begin(applied_up_to(10, 4));
  Topic topic;
  take(topic.watermark(6, 10));
  hand_over();
  take(topic.watermark(5, 10));
  EXPECT_TRUE(set_.empty());
  EXPECT_EQ(intake_->row().safe_time, time_of(6));
}

TEST_F(TheIntake, WhatTheOriginsRegionDoubtsIsPassedOnWhereItMayBeNew) {
  const change::Doubt orders{.table = "shop.orders", .said_at = time_of(3)};
  begin(applied_up_to(10, 4));
  Topic topic;
  take(topic.watermark(5, 10));
  EXPECT_TRUE(slice().doubts && slice().doubts->empty()) << "what is in the table may be of another time";
  hand_over();
  take(topic.watermark(6, 10));
  EXPECT_FALSE(slice().doubts);
  take(topic.watermark(7, 10, {orders}));
  ASSERT_TRUE(slice().doubts);
  EXPECT_THAT(*slice().doubts, ElementsAre(orders));
  take(topic.watermark(8, 10));
  EXPECT_THAT(*slice().doubts, IsEmpty()) << "told and taken back within one work set";
}

TEST_F(TheIntake, AWatermarkOfAnotherIncarnationDoesNotCount) {
  begin(applied_up_to(10, 4));
  EXPECT_EQ(take(Topic(kOtherIncarnation).watermark(6, 10)).step, Step::kRefused);
  EXPECT_EQ(intake_->row().safe_time, SourceTime());
  EXPECT_EQ(intake_->row().state, PartitionState::kWrongIncarnation);
}

TEST_F(TheIntake, AWatermarkThatRidesOnABatchCountsForIt) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").end().ride(1).send());
  EXPECT_EQ(slice().next.seq, Seq(1));
  EXPECT_EQ(slice().next.safe_time, time_of(1));
  EXPECT_EQ(slice().next.origin_position, position_after(1));
  EXPECT_EQ(slice().next.row_gtid, "") << "the whole transaction is in the position";
}

// --- order groups

class TheIntakeOfAGroup : public TheIntake {
 protected:
  TheIntakeOfAGroup() { topic_.table(notes_shape("notes"), "orders"); }
  Topic topic_;
};

TEST_F(TheIntakeOfAGroup, HoldsATransactionUntilItsLastChange) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").send());
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_EQ(intake_->held_rows(), 2U);
  take(topic_.insert(3, "c").end().send());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3));
  EXPECT_EQ(intake_->held_rows(), 0U);
  EXPECT_EQ(slice().next.seq, Seq(3));
}

TEST_F(TheIntakeOfAGroup, ReleasesWhatIsBeforeTheTransactionThatIsStillOpen) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").transaction(2).insert(3, "c").send());
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(slice().next.seq, Seq(2));
  EXPECT_EQ(slice().next.row_gtid, gtid_of(1));
  EXPECT_EQ(slice().next_offset, KafkaOffset(100)) << "the record is read again after a restart";
  take(topic_.insert(4, "d").end().send());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(slice().next.seq, Seq(4));
  EXPECT_EQ(slice().next_offset, KafkaOffset(102));
}

TEST_F(TheIntakeOfAGroup, KeptApartWhatARecordCompletesDoesNotGoWithIt) {
  begin(applied_up_to(0));
  intake_->keep_apart(true);
  take(topic_.transaction(1).insert(1, "a").send());
  take(topic_.transaction(2).insert(2, "b").end().send());
  EXPECT_THAT(ids(), ElementsAre(1));
  ASSERT_TRUE(intake_->owes());
  hand_over();
  intake_->release(set_);
  EXPECT_THAT(ids(), ElementsAre(2));
  EXPECT_FALSE(intake_->owes());
  hand_over();
  take(topic_.transaction(3).insert(3, "c").end().send());
  EXPECT_THAT(ids(), ElementsAre(3)) << "nothing was held";
  hand_over();
  intake_->keep_apart(false);
  take(topic_.transaction(4).insert(4, "d").send());
  take(topic_.transaction(5).insert(5, "e").end().send());
  EXPECT_THAT(ids(), ElementsAre(4, 5));
}

TEST_F(TheIntakeOfAGroup, ATransactionEndsWhereAnotherOneBegins) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").send());
  take(topic_.insert(2, "b").send());
  EXPECT_THAT(ids(), IsEmpty());
  take(topic_.transaction(2).insert(3, "c").send());
  EXPECT_THAT(ids(), ElementsAre(1, 2));
}

TEST_F(TheIntakeOfAGroup, ATransactionEndsWhereAWatermarkContainsIt) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").send());
  take(topic_.watermark(0, 1));
  EXPECT_THAT(ids(), IsEmpty()) << "it does not contain the transaction";
  take(topic_.watermark(1, 1));
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_EQ(slice().next.safe_time, time_of(1));
}

TEST_F(TheIntakeOfAGroup, TheWatermarkOfHeldChangesDoesNotMoveSafeTime) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").transaction(2).insert(2, "b").ride(1).send());
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_EQ(slice().next.safe_time, SourceTime()) << "it names seq 2, which is held";
}

TEST_F(TheIntakeOfAGroup, LargerThanTheBoundOfRowsATransactionIsSplit) {
  begin(applied_up_to(0), {.rows_max = 3, .bytes_max = 1'000'000});
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").insert(3, "c").send());
  EXPECT_THAT(ids(), IsEmpty());
  take(topic_.insert(4, "d").send());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 4));
}

TEST_F(TheIntakeOfAGroup, LargerThanTheBoundOfBytesATransactionIsSplit) {
  begin(applied_up_to(0), {.rows_max = 1'000'000, .bytes_max = 10'000});
  const std::string large(6'000, 'x');
  take(topic_.transaction(1).insert(1, large).send());
  EXPECT_THAT(ids(), IsEmpty());
  take(topic_.insert(2, large).send());
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(intake_->held_rows(), 0U);
}

TEST_F(TheIntakeOfAGroup, ASmallTransactionThatBeginsInTheLastRecordOfALargeOneIsNotSplit) {
  begin(applied_up_to(0), {.rows_max = 1'000'000, .bytes_max = 10'000});
  take(topic_.transaction(1).insert(1, std::string(6'000, 'x')).send());
  take(topic_.insert(2, std::string(5'000, 'x')).transaction(2).insert(3, "c").send());
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(intake_->held_rows(), 1U);
  take(topic_.insert(4, "d").end().send());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 4));
}

TEST_F(TheIntakeOfAGroup, TablesWithoutAGroupAreNotHeld) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").send());
  EXPECT_THAT(ids(), ElementsAre(1));
}

TEST_F(TheIntakeOfAGroup, ChangesOfOtherTablesDoNotOvertakeThoseThatAreHeld) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").send());
  topic_.table(notes_shape("others"));
  take(topic_.insert(2, "b").send());
  EXPECT_THAT(ids(), IsEmpty());
  take(topic_.insert(3, "c").end().send());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3));
}

// --- epochs

TEST_F(TheIntake, AtAnEpochStartItArrivesAtTheBarrierAndKeepsItsSeq) {
  begin(applied_up_to(10, 4));
  const Intake intake = take(Topic(kNextEpoch).epoch_start(continuing_start(10)));
  EXPECT_EQ(intake.step, Step::kBarrier);
  EXPECT_TRUE(intake_->is_at_barrier());
  EXPECT_EQ(slice().next.state, PartitionState::kAtBarrier);
  EXPECT_EQ(slice().next.seq, Seq(10));
  EXPECT_EQ(slice().next.epoch, kEpoch);
  EXPECT_THAT(slice().next.reason, HasSubstr("the numbering changed"));
  EXPECT_EQ(slice().next_offset, KafkaOffset(100)) << "a restart reads the start again";
  ASSERT_TRUE(slice().arrival.has_value());
  EXPECT_EQ(slice().arrival->epoch, kNextEpoch);
  EXPECT_EQ(slice().arrival->start, continuing_start(10));
}

TEST_F(TheIntake, WhatWasHeldIsReleasedAtTheBarrier) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.table(notes_shape("notes"), "orders").transaction(1).insert(1, "a").send());
  EXPECT_THAT(ids(), IsEmpty());
  change::EpochStart start = continuing_start(1);
  start.begins_at = origin_position_after(1);
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)).step, Step::kBarrier);
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_EQ(slice().next.seq, Seq(1));
}

TEST_F(TheIntakeOfAGroup, WhatTheNewEpochPublishesWholeIsNotAppliedInPartBefore) {
  begin(applied_up_to(0));
  take(topic_.transaction(1).insert(1, "a").send());
  take(topic_.insert(2, "b").transaction(2).insert(3, "first").send());  // 2 is published in part, and the epoch ends
  take(topic_.insert(4, "second").send());
  change::EpochStart start = continuing_start(4);
  start.begins_at = origin_position_after(1);
  start.numbering_changed = true;
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)).step, Step::kBarrier);
  EXPECT_THAT(ids(), ElementsAre(1, 2));
  EXPECT_EQ(slice().next.seq, Seq(2));
  EXPECT_EQ(slice().next_offset, KafkaOffset(101)) << "after a restart the start is reached without a gap";
  EXPECT_EQ(intake_->held_rows(), 0U);
  hand_over();
  intake_->pass_barrier(entered(intake_->row(), kNextEpoch, start.begins_at));

  Topic again(kNextEpoch);
  again.table(notes_shape("notes"), "orders");
  take(again.transaction(2).insert(3, "first").insert(4, "second").send());
  take(again.insert(5, "third").end().send());
  EXPECT_THAT(ids(), ElementsAre(3, 4, 5));
  EXPECT_EQ(slice().next.seq, Seq(3));
}

TEST_F(TheIntake, WhatWasAppliedInPartBeforeTheNewEpochIsContainedThere) {
  begin(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).insert(1, "a").end().transaction(2).insert(2, "x").insert(3, "x").send());
  change::EpochStart start = continuing_start(3);
  start.begins_at = origin_position_after(1);
  start.numbering_changed = true;
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)).step, Step::kBarrier);
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3));
  hand_over();
  const ProgressRow there = entered(intake_->row(), kNextEpoch, start.begins_at);
  for (const bool restarts : {false, true}) {
    if (restarts) {
      hand_over();
      begin(there);
    } else {
      intake_->pass_barrier(there);
    }
    Topic again(kNextEpoch);
    take(again.transaction(2).insert(2, "x").send());
    take(again.insert(3, "x").insert(4, "y").send());
    take(again.insert(5, "y").end().transaction(3).insert(6, "z").end().send());
    EXPECT_THAT(ids(), ElementsAre(4, 5, 6)) << (restarts ? "after a restart" : "at once");
    EXPECT_EQ(slice().next.row_gtid, gtid_of(3));
  }
}

TEST_F(TheIntake, ChangesMissingBeforeTheStartAreAHoleAndNoBarrier) {
  begin(applied_up_to(10, 4));
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(continuing_start(11))).step, Step::kGap);
  EXPECT_FALSE(intake_->is_at_barrier());
  EXPECT_EQ(slice().next.state, PartitionState::kHole);
  EXPECT_FALSE(slice().arrival.has_value());
}

TEST_F(TheIntake, InTheNewEpochItGoesOnFromOne) {
  begin(applied_up_to(10, 4));
  take(Topic(kNextEpoch).epoch_start(continuing_start(10)));
  hand_over();
  intake_->pass_barrier(entered(intake_->row(), kNextEpoch, origin_position_after(5)));
  EXPECT_FALSE(intake_->is_at_barrier());
  Topic topic(kNextEpoch);
  const Intake intake = take(topic.transaction(5).insert(1, "contained").transaction(6).insert(2, "new").end().send());
  EXPECT_EQ(intake.step, Step::kGathered);
  EXPECT_THAT(ids(), ElementsAre(2));
  EXPECT_EQ(slice().base_epoch, kNextEpoch);
  EXPECT_EQ(slice().base_seq, Seq(0));
  EXPECT_EQ(slice().next.seq, Seq(2));
  EXPECT_EQ(slice().next.state, PartitionState::kApplying);
}

TEST_F(TheIntake, AZombiesBatchesOfTheOldEpochAreDropped) {
  begin(applied_up_to(0, 4, kNextEpoch));
  Topic zombie(kEpoch, 11);
  EXPECT_EQ(take(zombie.transaction(9).insert(1, "late").send()).step, Step::kDropped);
  EXPECT_TRUE(set_.empty());
}

}  // namespace
}  // namespace farshore::apply
