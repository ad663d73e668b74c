#include "capture/resume/resume.hpp"

#include <gmock/gmock.h>

#include "resuming.hpp"

namespace farshore::capture {
namespace {

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
    if (tells_statement_) reason.statement = {.text = "TRUNCATE t", .tables = {"shop.t"}, .gtid = "1-101-101"_gtid};
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
  EXPECT_EQ(next.checkpoint.position, "1-101-100"_position);
  EXPECT_EQ(next.checkpoint.told_statement, "1-101-101"_gtid) << "it is told once";
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
  EXPECT_THAT(next.checkpoint.pending_epoch_start->reason, HasSubstr("inside a transaction"));

  // Once more before the transaction is read: by then the tables may be others again.
  facts_.checkpoint = next.checkpoint;
  end_epoch(0);
  EXPECT_THAT(facts_.checkpoint->split_tables, ::testing::ElementsAre("shop.t", "shop.u"));
}

TEST_F(EndedEpoch, TellsWhatIsMissing) {
  facts_.checkpoint->keys_known_from = "1-101-150"_position;
  facts_.checkpoint->logs_cascades = false;
  misses_table_ = true;
  end_epoch(0);
  const change::Checkpoint& checkpoint = *facts_.checkpoint;
  EXPECT_FALSE(checkpoint.pending_epoch_start->statement);
  EXPECT_THAT(checkpoint.pending_epoch_start->missed_tables, ::testing::ElementsAre("shop.child"));
  EXPECT_THAT(checkpoint.changed_unseen, ::testing::ElementsAre("shop.child"));
  EXPECT_EQ(checkpoint.keys_known_from, "1-101-150"_position);
  EXPECT_EQ(checkpoint.logs_cascades, false);
}

TEST_F(EndedEpoch, TellsTheStatementAtWhichItEnds) {
  tells_statement_ = true;
  end_epoch(0);
  ASSERT_TRUE(facts_.checkpoint->pending_epoch_start->statement);
  EXPECT_EQ(facts_.checkpoint->pending_epoch_start->statement->text, "TRUNCATE t");
  EXPECT_EQ(facts_.checkpoint->told_statement, "1-101-101"_gtid);
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
