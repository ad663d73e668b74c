#include "capture/resume/resume.hpp"

#include <gmock/gmock.h>

#include "resuming.hpp"

namespace farshore::capture {
namespace {

class FirstStart : public Resume {
 protected:
  FirstStart() {
    facts_.checkpoint.reset();
    facts_.tails = {tail(0, 0, 0), tail(1, 0, 0)};
  }
};

TEST_F(FirstStart, BeginsTheFirstEpochAtTheSourcesEnd) {
  const ResumePlan first = plan();
  ASSERT_EQ(first.kind, Kind::kBeginEpoch);
  EXPECT_EQ(first.checkpoint.id, (EpochId{Epoch(1), kFresh}));
  EXPECT_EQ(first.checkpoint.position, "1-101-200"_position);
  EXPECT_EQ(first.checkpoint.position_before_last, "1-101-200"_position);
  EXPECT_FALSE(first.checkpoint.last);
  EXPECT_EQ(first.checkpoint.source_uuid, "101:1");
  ASSERT_TRUE(first.checkpoint.pending_epoch_start);
  EXPECT_TRUE(first.checkpoint.pending_epoch_start->is_first());
  EXPECT_THAT(first.checkpoint.pending_epoch_start->partitions, SizeIs(2));
  EXPECT_EQ(first.checkpoint.pending_epoch_start->begins_at, "1-101-200"_position);
  ASSERT_THAT(first.checkpoint.partitions, SizeIs(2));
  EXPECT_EQ(first.checkpoint.partitions[1].next_seq, Seq(1));
  EXPECT_EQ(first.checkpoint.keys_known_from, "1-101-200"_position);
}

TEST_F(FirstStart, AfterAResetHasAGreaterEpochThanAnyBefore) {
  facts_.last_epoch = Epoch(7);
  const ResumePlan first = plan();
  EXPECT_EQ(first.checkpoint.id, (EpochId{Epoch(8), kFresh}));
  EXPECT_TRUE(first.checkpoint.pending_epoch_start->is_first());
}

TEST_F(FirstStart, CanBeginAtTheOldestBinlog) {
  facts_.from.kind = StartFrom::Kind::kEarliest;
  EXPECT_EQ(plan().checkpoint.position, "1-101-10"_position);
}

TEST_F(FirstStart, CanBeginAtAPosition) {
  facts_.from = {.kind = StartFrom::Kind::kPosition, .position = position("1-101-50")};
  EXPECT_EQ(plan().checkpoint.position, "1-101-50"_position);
}

TEST_F(FirstStart, RefusesAPositionThatTheSourceHasNotReached) {
  facts_.from = {.kind = StartFrom::Kind::kPosition, .position = position("1-101-201")};
  expect_refusal("beyond the source's end");
}

TEST_F(FirstStart, RefusesAPositionThatIsPurged) {
  facts_.from = {.kind = StartFrom::Kind::kPosition, .position = position("1-101-9")};
  expect_refusal("binlogs begin at 1-101-10");
}

TEST_F(FirstStart, IsToldFromAnEmptiedTopic) {
  facts_.tails = {tail(0, 70, 70), tail(1, 0, 0)};
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch) << "retention took all records: nothing can be numbered twice";
}

TEST_F(Resume, GoesOnFromTheCheckpoint) {
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kContinue);
  EXPECT_EQ(next.checkpoint, *facts_.checkpoint);
  EXPECT_THAT(next.published, ::testing::ElementsAre(PublishedEnd{}, PublishedEnd{}));
  EXPECT_TRUE(next.warnings.empty());
}

TEST_F(Resume, KnowsWhatTheTailsHoldBeyondTheCheckpoint) {
  publish(1, 33, "1-101-150");
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kContinue);
  EXPECT_EQ(next.published[1].seq, Seq(33));
  EXPECT_EQ(next.tail_ends[1], KafkaOffset(2005));
}

TEST_F(Resume, ATailOfAnOlderEpochCountsAsNone) {
  publish(0, 500, "1-101-90", {Epoch(3), Incarnation(30)});
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kContinue);
  EXPECT_EQ(next.published[0].seq, Seq(0));
}

TEST_F(Resume, RepeatsTheStartRecordsOfAnEpochThatIsPending) {
  facts_.checkpoint->pending_epoch_start = change::EpochStart{};
  const ResumePlan next = plan();
  EXPECT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_EQ(next.checkpoint, *facts_.checkpoint) << "the same epoch, not a newer one";
}

TEST_F(Resume, RefusesWhenTheCheckpointIsLost) {
  lose_checkpoint();
  expect_refusal("--rebuild-checkpoint");
}

TEST_F(Resume, RebuildsALostCheckpointFromTheOldestStatement) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  const ResumePlan rebuilt = plan();
  ASSERT_EQ(rebuilt.kind, Kind::kBeginEpoch);
  EXPECT_EQ(rebuilt.checkpoint.id, (EpochId{Epoch(5), kFresh}));
  EXPECT_EQ(rebuilt.checkpoint.position, "1-101-105"_position);
  const auto& start = *rebuilt.checkpoint.pending_epoch_start;
  EXPECT_EQ(start.continues, kEpoch);
  EXPECT_EQ(start.begins_at, "1-101-105"_position);
  EXPECT_FALSE(start.numbering_changed);
  EXPECT_THAT(start.continued, ::testing::ElementsAre(change::PartitionEnd{"main", PartitionId(0), Seq(30)},
                                                      change::PartitionEnd{"main", PartitionId(1), Seq(40)}));
}

/// Partition 0 ends inside transaction 120 and partition 1 inside 130, both behind where the new epoch begins.
class Rebuilt : public Resume {
 protected:
  Rebuilt() {
    lose_checkpoint();
    facts_.rebuild_checkpoint = true;
    facts_.checkpoint = plan().checkpoint;
    facts_.rebuild_checkpoint = false;
    facts_.tails = {tail(0, 1000, 1010), tail(1, 2000, 2010)};
    facts_.statements.clear();
  }
  void begin() { facts_.checkpoint->pending_epoch_start.reset(); }
  void leave_a_table_out() {
    facts_.configured =
        change::TableRules::make({{.name = "main", .tables = {"*.*", "!shop.u"}, .partitions = 2}}, {})->numbering();
  }
};

TEST_F(Rebuilt, SaysUpToWhereATransactionMayBePublishedInPart) {
  EXPECT_THAT(facts_.checkpoint->split_tables, ::testing::ElementsAre("*.*"));
  EXPECT_EQ(facts_.checkpoint->split_until, "1-101-200"_position) << "nothing that the source has not was published";
}

TEST_F(Rebuilt, AnotherNumberingBeforeThatPlaceNamesAllTablesOnceMore) {
  begin();
  for (const char* read : {"1-101-105", "1-101-119", "1-101-199"}) {
    facts_.checkpoint->position = position(read);  // a cut keeps them
    leave_a_table_out();
    const ResumePlan next = plan();
    ASSERT_EQ(next.kind, Kind::kBeginEpoch) << next.sentence;
    EXPECT_THAT(next.checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("*.*")) << read;
    EXPECT_THAT(next.warnings, ::testing::Contains(HasSubstr("up to 1-101-200")));
    EXPECT_EQ(next.checkpoint.split_until, "1-101-200"_position) << "the numbering may change again";
  }
}

TEST_F(Rebuilt, KilledBeforeItsStartRecordsItIsBegunAndThenTold) {
  leave_a_table_out();
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);
  EXPECT_EQ(plan().checkpoint, *facts_.checkpoint);
  begin();
  EXPECT_THAT(plan().checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("*.*"));
}

TEST_F(Rebuilt, AnEpochThatASessionBeginsKeepsThemAndNamesThemWhereRowsMove) {
  begin();
  const auto same = following_epoch(*facts_.checkpoint, facts_.configured, Incarnation(77),
                                    {.sentence = "why", .split_tables = {"shop.t"}});
  EXPECT_THAT(same.split_tables, ::testing::ElementsAre("*.*")) << "shop.t is among them";
  EXPECT_EQ(same.split_until, "1-101-200"_position);
  EXPECT_THAT(same.pending_epoch_start->missed_tables, ::testing::IsEmpty());
  change::Numbering tied = facts_.configured;
  tied.cascade_groups = {"cascade:shop.t: shop.t, shop.u"};
  const auto other = following_epoch(*facts_.checkpoint, tied, Incarnation(77), {.sentence = "why"});
  EXPECT_THAT(other.pending_epoch_start->missed_tables, ::testing::ElementsAre("*.*"));
  EXPECT_EQ(change::decode_checkpoint(change::encode_checkpoint(other)), other);
}

TEST_F(Resume, DoesNotRebuildUnderAnotherNumbering) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.configured.table_rules = "{other}";
  expect_refusal("numbered by other streams");
}

TEST_F(Resume, DoesNotRebuildFromPartitionsOfDifferentEpochs) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  publish(1, 2, "1-101-131", {Epoch(5), Incarnation(50)});
  expect_refusal("do not show one and the same epoch");
}

TEST_F(Resume, DoesNotRebuildWithoutAWatermarkInEveryPartition) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.statements[0].reset();
  expect_refusal("partition main/0 shows no watermark");
}

TEST_F(Resume, DoesNotRebuildWhatTheSourceHasPurged) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.earliest = position("1-101-106");
  expect_refusal("binlogs begin only at 1-101-106");
}

TEST_F(Resume, DoesNotRebuildFromASourceThatWentBack) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.executed = position("1-101-104");
  expect_refusal("gone back", Retry::kAlways);
}

TEST_F(Resume, RefusesAnotherServer) {
  facts_.source_identity = "102:2";
  expect_refusal("captured from server 101:1, and the configured source is server 102:2", Retry::kAlways);
}

TEST_F(Resume, RefusesASourceThatLacksTheCheckpointsPosition) {
  facts_.executed = position("1-101-99");
  expect_refusal("gone back", Retry::kAlways);
}

TEST_F(Resume, RefusesASourceThatLacksWhatIsPublished) {
  publish(0, 12, "1-101-201");
  expect_refusal("gone back", Retry::kBriefly);
}

TEST_F(Resume, RebuildsNothingFromASourceThatLacksWhatIsPublished) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.executed = position("1-101-125");  // has both watermarks' positions, and not the last change of partition 1
  expect_refusal("gone back", Retry::kBriefly);
}

TEST_F(Resume, RefusesACheckpointOlderThanWhatIsPublished) {
  publish(0, 1, "1-101-120", {Epoch(5), Incarnation(50)});
  expect_refusal("put back to an older state");
  EXPECT_TRUE(checkpoint_is_behind(*facts_.checkpoint, facts_.tails));
}

TEST_F(Resume, RefusesAnotherIncarnationOfItsEpoch) {
  publish(0, 12, "1-101-120", {Epoch(4), Incarnation(41)});
  expect_refusal("another incarnation");
}

TEST_F(Resume, RefusesTwoIncarnationsInOnePartition) {
  publish(0, 12, "1-101-120");
  facts_.tails[0].has_two_incarnations = true;
  expect_refusal("another incarnation");
}

TEST_F(Resume, RefusesARecordThatIsNotOfThisOrigin) {
  facts_.tails[1].foreign = "topic x holds a foreign record";
  expect_refusal("foreign record");
}

TEST_F(Resume, RefusesAPublishedGtidThatDoesNotParse) {
  publish(0, 12, "rubbish");
  expect_refusal("does not parse");
}

TEST_F(Resume, WarnsOfATopicThatLostAcknowledgedRecords) {
  facts_.tails[0] = tail(0, 0, 3);
  const ResumePlan next = plan();
  EXPECT_EQ(next.kind, Kind::kContinue);
  ASSERT_THAT(next.warnings, SizeIs(1));
  EXPECT_THAT(next.warnings[0], HasSubstr("recreated or lost records"));
}

TEST_F(Resume, PublishesAgainWhatATailLacks) {
  publish(0, 30, "1-101-120");
  facts_.tails[0].first_seq = Seq(13);  // 11 and 12 are missing
  publish(1, 25, "1-101-130");
  facts_.tails[1].first_seq = Seq(21);
  facts_.tails[1].has_gap = true;  // behind 25
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kContinue);
  EXPECT_EQ(next.published[0], PublishedEnd{});
  EXPECT_EQ(next.published[1].seq, Seq(25));
  ASSERT_THAT(next.warnings, SizeIs(2));
  EXPECT_THAT(next.warnings[0], HasSubstr("published again"));
}

TEST_F(Resume, ReadsFromBehindTheLastTransactionWhenThatIsPurged) {
  facts_.earliest = position("1-101-100");
  const ResumePlan next = plan();
  EXPECT_EQ(next.kind, Kind::kContinue);
  EXPECT_TRUE(next.skips_history_check);
  EXPECT_THAT(next.warnings, SizeIs(1));
}

TEST_F(Resume, ANewEpochReadsFromBehindAPurgedTransactionToo) {
  facts_.earliest = position("1-101-100");
  facts_.configured = numbering(4);
  facts_.tails[0] = tail(0, 0, 3);
  const ResumePlan next = plan();
  EXPECT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_TRUE(next.skips_history_check);
  EXPECT_THAT(next.warnings, UnorderedElementsAre(HasSubstr("purged"), HasSubstr("lost records")));
}

TEST_F(Resume, APendingEpochReadsFromBehindAPurgedTransactionToo) {
  facts_.earliest = position("1-101-100");
  facts_.checkpoint->pending_epoch_start = change::EpochStart{};
  const ResumePlan next = plan();
  EXPECT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_TRUE(next.skips_history_check);
  EXPECT_THAT(next.warnings, SizeIs(1));
}

TEST_F(Resume, RefusesWhenWhatFollowsIsPurged) {
  facts_.earliest = position("1-101-101");
  expect_refusal("purged beyond what was captured");
}

TEST_F(Resume, TellsWhatWasAddedToGtidPurgedFromWhatWasPurged) {
  const std::string own = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-";
  facts_.checkpoint->position = position(own + "10");
  facts_.checkpoint->position_before_last = position(own + "9");
  facts_.executed = position(own + "20,3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5");
  facts_.earliest = position(own + "5,3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5");
  expect_refusal(
      "the source's gtid_purged has transactions 3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5 of servers of which");
  facts_.earliest = position(own + "12,3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5");
  expect_refusal("purged beyond what was captured");
}

TEST_F(Resume, BeginsANewEpochAtOnceWhenNothingIsPublishedBeyondTheCheckpoint) {
  facts_.configured = numbering(4);
  publish(0, 10, "1-101-100");
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_EQ(next.checkpoint.id, (EpochId{Epoch(5), kFresh}));
  EXPECT_EQ(next.checkpoint.position, "1-101-100"_position);
  EXPECT_EQ(next.checkpoint.position_before_last, "1-101-99"_position) << "the history is still compared";
  EXPECT_EQ(next.checkpoint.last, facts_.checkpoint->last);
  EXPECT_EQ(next.checkpoint.numbering, facts_.configured);
  EXPECT_THAT(next.checkpoint.partitions, SizeIs(4));
  const auto& start = *next.checkpoint.pending_epoch_start;
  EXPECT_TRUE(start.numbering_changed);
  EXPECT_THAT(start.partitions, SizeIs(4));
  EXPECT_THAT(start.continued, ::testing::ElementsAre(change::PartitionEnd{"main", PartitionId(0), Seq(10)},
                                                      change::PartitionEnd{"main", PartitionId(1), Seq(20)}));
}

TEST_F(Resume, SaysInTheEpochStartWhichTablesWereMissedUntilThen) {
  facts_.configured = numbering(4);
  facts_.missed_tables = {"shop.late"};
  publish(0, 10, "1-101-100");
  EXPECT_THAT(plan().checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("shop.late"));
  facts_.missed_tables.assign(change::kEpochTablesMax + 1, "shop.late");
  EXPECT_THAT(plan().checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("*.*"));
}

TEST_F(Resume, WritesDownWhatTheSourceChangesUnseen) {
  facts_.changed_unseen = facts_.missed_tables = {"shop.child"};
  facts_.missed_why = "a cascade";
  publish(0, 12, "1-101-120");
  EXPECT_EQ(plan().kind, Kind::kContinueToTails) << "what is published is read again first";
  EXPECT_THAT(plan().checkpoint.changed_unseen, ::testing::ElementsAre("shop.child")) << "not to be forgotten there";
  publish(0, 10, "1-101-100");
  const ResumePlan telling = plan();
  ASSERT_EQ(telling.kind, Kind::kBeginEpoch);
  const auto& start = *telling.checkpoint.pending_epoch_start;
  EXPECT_FALSE(start.numbering_changed);
  EXPECT_EQ(start.reason, "a cascade");
  EXPECT_THAT(start.missed_tables, ::testing::ElementsAre("shop.child"));
  EXPECT_THAT(telling.checkpoint.changed_unseen, ::testing::ElementsAre("shop.child"));

  facts_.checkpoint = telling.checkpoint;
  facts_.missed_tables.clear();
  EXPECT_EQ(plan().checkpoint, telling.checkpoint) << "until its start records are sent";
}

TEST_F(Resume, FirstReadsAgainWhatIsPublishedBeforeTheNumberingChanges) {
  facts_.configured = numbering(4);
  publish(0, 12, "1-101-120");
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kContinueToTails);
  EXPECT_EQ(next.checkpoint.numbering, numbering(2)) << "the old numbering until there";
}

TEST_F(Resume, ChangedRulesAndGroupsAreAnotherNumberingToo) {
  facts_.configured.table_rules = "{other}";
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);
  facts_.configured = numbering(2);
  facts_.configured.cascade_groups = {"cascade:a.b: a.b, a.c"};
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);
}

}  // namespace
}  // namespace farshore::capture
