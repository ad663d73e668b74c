#include "capture/resume.hpp"

#include <gmock/gmock.h>

#include "change/limits.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Kind = ResumePlan::Kind;
using Retry = ResumePlan::Retry;

constexpr EpochId kEpoch{Epoch(4), Incarnation(40)};
constexpr Incarnation kFresh{99};

OriginPosition position(const std::string& text) { return OriginPosition::parse(text).value(); }

change::Numbering numbering(std::uint32_t partitions) {
  change::Numbering numbering;
  numbering.streams = {{.name = "main", .partitions = partitions}};
  numbering.table_rules = "{}";
  numbering.algorithm = 1;
  return numbering;
}

/// Facts of a capture of east (MariaDB, domain 1) with two partitions that can go on; tests change one thing.
class Resume : public ::testing::Test {
 protected:
  Resume() {
    facts_.origin = "east";
    facts_.configured = numbering(2);
    facts_.source_identity = "101:1";
    facts_.executed = position("1-101-200");
    facts_.earliest = position("1-101-10");
    facts_.fresh = kFresh;
    change::Checkpoint checkpoint;
    checkpoint.id = kEpoch;
    checkpoint.position = "1-101-100";
    checkpoint.position_before_last = "1-101-99";
    checkpoint.last = change::LastTransaction{.gtid = "1-101-100", .commit_time = {}, .digest = 5};
    checkpoint.numbering = numbering(2);
    checkpoint.source_uuid = "101:1";
    checkpoint.partitions = {{"main", PartitionId(0), Seq(11), KafkaOffset(1000)},
                             {"main", PartitionId(1), Seq(21), KafkaOffset(2000)}};
    facts_.checkpoint = checkpoint;
    facts_.tails = {tail(0, 1000, 1000), tail(1, 2000, 2000)};
  }

  static PartitionTail tail(std::int32_t partition, std::int64_t low, std::int64_t end) {
    PartitionTail tail;
    tail.stream = "main";
    tail.partition = PartitionId(partition);
    tail.low = KafkaOffset(low);
    tail.end = KafkaOffset(end);
    return tail;
  }
  void publish(std::size_t slot, std::uint64_t seq, const std::string& gtid, EpochId id = kEpoch) {
    PartitionTail& tail = facts_.tails[slot];
    tail.newest = id;
    tail.published = {.seq = Seq(seq), .gtid = gtid, .ordinal = Ordinal(2), .commit_time = {}};
    tail.last_seq = Seq(seq);
    tail.end = KafkaOffset(tail.end.raw() + 5);
  }
  void lose_checkpoint() {
    facts_.checkpoint.reset();
    publish(0, 30, "1-101-120");
    publish(1, 40, "1-101-130");
    facts_.statements = {LastStatement{"1-101-110", change::digest(facts_.configured)},
                         LastStatement{"1-101-105", change::digest(facts_.configured)}};
  }
  ResumePlan plan() const { return plan_resume(facts_); }
  void expect_refusal(const std::string& words, Retry retry = Retry::kNever) const {
    const ResumePlan refused = plan();
    EXPECT_EQ(refused.kind, Kind::kRefuse);
    EXPECT_THAT(refused.sentence, HasSubstr(words));
    EXPECT_EQ(refused.retry, retry);
  }

  ResumeFacts facts_;
};

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
  EXPECT_EQ(first.checkpoint.position, "1-101-200");
  EXPECT_EQ(first.checkpoint.position_before_last, "1-101-200");
  EXPECT_FALSE(first.checkpoint.last);
  EXPECT_EQ(first.checkpoint.source_uuid, "101:1");
  ASSERT_TRUE(first.checkpoint.pending_epoch_start);
  EXPECT_TRUE(first.checkpoint.pending_epoch_start->is_first());
  EXPECT_THAT(first.checkpoint.pending_epoch_start->partitions, SizeIs(2));
  EXPECT_EQ(first.checkpoint.pending_epoch_start->begins_at, "1-101-200");
  ASSERT_THAT(first.checkpoint.partitions, SizeIs(2));
  EXPECT_EQ(first.checkpoint.partitions[1].next_seq, Seq(1));
  EXPECT_EQ(first.checkpoint.keys_known_from, "1-101-200");
}

TEST_F(FirstStart, AfterAResetHasAGreaterEpochThanAnyBefore) {
  facts_.last_epoch = Epoch(7);
  const ResumePlan first = plan();
  EXPECT_EQ(first.checkpoint.id, (EpochId{Epoch(8), kFresh}));
  EXPECT_TRUE(first.checkpoint.pending_epoch_start->is_first());
}

TEST_F(FirstStart, CanBeginAtTheOldestBinlog) {
  facts_.from.kind = StartFrom::Kind::kEarliest;
  EXPECT_EQ(plan().checkpoint.position, "1-101-10");
}

TEST_F(FirstStart, CanBeginAtAPosition) {
  facts_.from = {.kind = StartFrom::Kind::kPosition, .position = position("1-101-50")};
  EXPECT_EQ(plan().checkpoint.position, "1-101-50");
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
  EXPECT_EQ(rebuilt.checkpoint.position, "1-101-105");
  const auto& start = *rebuilt.checkpoint.pending_epoch_start;
  EXPECT_EQ(start.continues, kEpoch);
  EXPECT_EQ(start.begins_at, "1-101-105");
  EXPECT_FALSE(start.numbering_changed);
  EXPECT_THAT(start.continued, ::testing::ElementsAre(change::PartitionEnd{"main", PartitionId(0), Seq(30)},
                                                      change::PartitionEnd{"main", PartitionId(1), Seq(40)}));
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

TEST_F(Resume, RefusesPositionsThatDoNotParse) {
  facts_.checkpoint->position = "rubbish";
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
  EXPECT_THAT(next.warnings, ::testing::Contains(HasSubstr("inside the transaction behind 1-101-100")));
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
  EXPECT_THAT(next.warnings, ::testing::Contains(HasSubstr("inside the transaction behind 1-101-100")));
}

TEST_F(Resume, RefusesWhenWhatFollowsIsPurged) {
  facts_.earliest = position("1-101-101");
  expect_refusal("purged beyond what was captured");
}

TEST_F(Resume, TellsWhatWasAddedToGtidPurgedFromWhatWasPurged) {
  const std::string own = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-";
  facts_.checkpoint->position = own + "10";
  facts_.checkpoint->position_before_last = own + "9";
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
  EXPECT_EQ(next.checkpoint.position, "1-101-100");
  EXPECT_EQ(next.checkpoint.position_before_last, "1-101-99") << "the history is still compared";
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
  facts_.missed_tables.assign(change::kMaxEpochTables + 1, "shop.late");
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

/// What the pipeline writes when transaction 101, of which `published` changes are out, cannot be numbered in the
/// epoch.
class EndedEpoch : public Resume {
 protected:
  void end_epoch(std::uint64_t published) {
    change::Checkpoint here = *facts_.checkpoint;
    here.known_keys = {{.table = 1, .key = 2}};
    here.partitions[0].next_seq = Seq(here.partitions[0].next_seq.raw() + published);
    here.partitions[0].kafka_offset = KafkaOffset(1005);
    EpochReason reason{"the key of table shop.t changed", {}};
    if (tells_statement_) reason.statement = {.text = "TRUNCATE t", .tables = {"shop.t"}, .gtid = "1-101-101"};
    if (misses_table_) reason.missed_tables = reason.changed_unseen = {"shop.child"};
    reason.split_tables = splits_;
    facts_.checkpoint = following_epoch(here, here.numbering, Incarnation(77), std::move(reason));
  }
  bool tells_statement_ = false;
  bool misses_table_ = false;
  std::vector<std::string> splits_;
};

TEST_F(EndedEpoch, IsFollowedWhereverACaptureIsKilled) {
  // Before the checkpoint: the old one counts, and the tail holds part of the transaction that ends the epoch.
  publish(0, 13, "1-101-101");
  const ResumePlan before = plan();
  ASSERT_EQ(before.kind, Kind::kContinue);
  EXPECT_EQ(before.published[0].seq, Seq(13));

  // Behind it, before the start records.
  end_epoch(3);
  const ResumePlan pending = plan();
  ASSERT_EQ(pending.kind, Kind::kBeginEpoch);
  EXPECT_EQ(pending.checkpoint, *facts_.checkpoint);
  EXPECT_EQ(pending.checkpoint.id, (EpochId{Epoch(5), Incarnation(77)}));
  EXPECT_TRUE(pending.warnings.empty());

  // Between two start records.
  facts_.tails[1].newest = pending.checkpoint.id;
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);

  // Behind them: what the partitions hold of the old epoch counts no more.
  facts_.checkpoint->pending_epoch_start.reset();
  facts_.tails[0].first_seq = Seq(11);
  const ResumePlan begun = plan();
  ASSERT_EQ(begun.kind, Kind::kContinue);
  EXPECT_THAT(begun.published, ::testing::ElementsAre(PublishedEnd{}, PublishedEnd{}));
  EXPECT_TRUE(begun.warnings.empty()) << begun.warnings.front();
}

TEST_F(EndedEpoch, IsFollowedByAnotherOneAtTheSamePlaceWhenTheConfigurationChanged) {
  tells_statement_ = true;
  end_epoch(0);
  facts_.checkpoint->pending_epoch_start.reset();
  facts_.configured = numbering(4);
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_EQ(next.checkpoint.id.epoch, Epoch(6));
  EXPECT_EQ(next.checkpoint.position, "1-101-100");
  EXPECT_EQ(next.checkpoint.told_statement, "1-101-101") << "it is told once";
}

TEST_F(EndedEpoch, InsideATransactionAnotherNumberingBehindItNamesTheTransactionsTables) {
  splits_ = {"shop.t", "shop.u"};
  end_epoch(3);
  EXPECT_THAT(facts_.checkpoint->pending_epoch_start->missed_tables, ::testing::IsEmpty()) << "its rows count the same";
  EXPECT_EQ(change::decode_checkpoint(change::encode_checkpoint(*facts_.checkpoint)), *facts_.checkpoint);
  facts_.checkpoint->pending_epoch_start.reset();
  EXPECT_EQ(plan().kind, Kind::kContinue);

  facts_.configured =
      change::TableRules::make({{.name = "main", .tables = {"*.*", "!shop.u"}, .partitions = 2}}, {})->numbering();
  facts_.missed_tables = {"shop.late"};
  const ResumePlan next = plan();
  ASSERT_EQ(next.kind, Kind::kBeginEpoch);
  EXPECT_THAT(next.checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("shop.late", "shop.t"));
  EXPECT_THAT(next.warnings, ::testing::Contains(HasSubstr("inside the transaction behind 1-101-100")));

  // Once more before the transaction is read: by then the tables may be others again.
  facts_.checkpoint = next.checkpoint;
  end_epoch(0);
  EXPECT_THAT(facts_.checkpoint->split_tables, ::testing::ElementsAre("shop.t", "shop.u"));
}

TEST_F(EndedEpoch, TellsWhatIsMissing) {
  facts_.checkpoint->keys_known_from = "1-101-150";
  facts_.checkpoint->logs_cascades = false;
  misses_table_ = true;
  end_epoch(0);
  const change::Checkpoint& checkpoint = *facts_.checkpoint;
  EXPECT_FALSE(checkpoint.pending_epoch_start->statement);
  EXPECT_THAT(checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("shop.child"));
  EXPECT_THAT(checkpoint.changed_unseen, ::testing::ElementsAre("shop.child"));
  EXPECT_EQ(checkpoint.keys_known_from, "1-101-150");
  EXPECT_EQ(checkpoint.logs_cascades, false);
}

TEST_F(EndedEpoch, TellsTheStatementAtWhichItEnds) {
  tells_statement_ = true;
  end_epoch(0);
  ASSERT_TRUE(facts_.checkpoint->pending_epoch_start->statement);
  EXPECT_EQ(facts_.checkpoint->pending_epoch_start->statement->text, "TRUNCATE t");
  EXPECT_EQ(facts_.checkpoint->told_statement, "1-101-101");
  EXPECT_EQ(change::decode_checkpoint(change::encode_checkpoint(*facts_.checkpoint)), *facts_.checkpoint);
}

TEST_F(Resume, AnEarlierAlgorithmsNumberingEndsWhereItsTailEnds) {
  facts_.checkpoint->numbering.algorithm = 1;
  facts_.configured.algorithm = 2;
  publish(0, 12, "1-101-120");
  EXPECT_EQ(plan().kind, Kind::kContinueToTails);
  facts_.tails[0].published = {};
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);
}

TEST_F(Resume, RebuildsWhatAnEarlierAlgorithmPublished) {
  lose_checkpoint();
  facts_.rebuild_checkpoint = true;
  facts_.configured.algorithm = 2;
  EXPECT_EQ(plan().kind, Kind::kBeginEpoch);
}

TEST_F(Resume, RefusesToTakePartitionsAway) {
  facts_.configured = numbering(1);
  expect_refusal("partitions can be added, not taken away");
}

TEST_F(Resume, RefusesToTakeAStreamAway) {
  facts_.configured.streams = {{.name = "other", .partitions = 2}};
  expect_refusal("stream main was captured and is no longer configured");
}

TEST(PartitionTails, EndWhereARecordIsMissing) {
  PartitionTail tail;
  change::BatchHeader header;
  header.kind = change::BatchKind::kChanges;
  header.id = {Epoch(1), Incarnation(10)};
  header.gtid = "1-1-7";
  const auto take_changes = [&](std::uint64_t first, std::uint32_t count) {
    header.first_seq = Seq(first);
    header.count = count;
    take(tail, header);
  };
  take_changes(5, 3);
  take_changes(10, 3);  // 8 and 9 are missing
  EXPECT_TRUE(tail.has_gap);
  EXPECT_EQ(tail.first_seq, Seq(5));
  EXPECT_EQ(tail.published.seq, Seq(7));
  EXPECT_EQ(tail.last_seq, Seq(12));
  take_changes(6, 3);  // overlaps
  EXPECT_EQ(tail.published.seq, Seq(8));
}

TEST(PartitionTails, TakeTheNewestEpochsLastChange) {
  PartitionTail tail;
  change::BatchHeader header;
  header.kind = change::BatchKind::kChanges;
  header.id = {Epoch(1), Incarnation(10)};
  header.first_seq = Seq(5);
  header.count = 3;
  header.gtid = "1-1-7";
  header.last_ordinal = Ordinal(4);
  take(tail, header);
  EXPECT_EQ(tail.published, (PublishedEnd{.seq = Seq(7), .gtid = "1-1-7", .ordinal = Ordinal(4), .commit_time = {}}));

  header.first_seq = Seq(1);  // an older one once more
  take(tail, header);
  EXPECT_EQ(tail.published.seq, Seq(7));

  header.kind = change::BatchKind::kWatermark;
  header.first_seq = Seq(9);
  header.count = 0;
  take(tail, header);
  EXPECT_EQ(tail.published.seq, Seq(7));
  EXPECT_EQ(tail.last_seq, Seq(9));

  header.kind = change::BatchKind::kEpochStart;
  header.id = {Epoch(2), Incarnation(20)};
  header.first_seq = Seq(1);
  take(tail, header);
  EXPECT_EQ(tail.newest, (EpochId{Epoch(2), Incarnation(20)}));
  EXPECT_EQ(tail.published, PublishedEnd{});
  EXPECT_EQ(tail.last_seq, Seq(0));

  header.kind = change::BatchKind::kChanges;
  header.id = {Epoch(1), Incarnation(10)};
  header.count = 50;  // a late batch of a capture that was replaced
  take(tail, header);
  EXPECT_EQ(tail.published, PublishedEnd{});
  EXPECT_FALSE(tail.has_two_incarnations);

  header.id = {Epoch(2), Incarnation(21)};
  take(tail, header);
  EXPECT_TRUE(tail.has_two_incarnations);
}

}  // namespace
}  // namespace farshore::capture
