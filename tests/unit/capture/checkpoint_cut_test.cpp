#include "capture/resume/checkpoint_cut.hpp"

#include <gmock/gmock.h>

#include "capture/counts.hpp"
#include "capture/resume/resume.hpp"
#include "rows.hpp"
#include "unit/gtid_literal.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;

constexpr EpochId kFirstEpoch{Epoch(1), Incarnation(7)};

TEST(Acknowledgements, CoverACutOnlyWhenAllSentBeforeItIsAcknowledged) {
  Acknowledgements acknowledgements(2);
  const auto first = acknowledgements.next_ticket(Slot(0));
  acknowledgements.sent(Slot(0));
  const auto second = acknowledgements.next_ticket(Slot(1));
  acknowledgements.sent(Slot(1));
  acknowledgements.open_cut();
  EXPECT_FALSE(acknowledgements.covered());
  acknowledgements.acknowledged(second, KafkaOffset(9));
  EXPECT_FALSE(acknowledgements.covered());
  acknowledgements.acknowledged(first, KafkaOffset(4));
  ASSERT_TRUE(acknowledgements.covered());
  EXPECT_THAT(acknowledgements.close_cut(), ElementsAre(KafkaOffset(5), KafkaOffset(10)));
  EXPECT_TRUE(acknowledgements.all_acknowledged());
}

TEST(Acknowledgements, WhatIsSentAfterACutDoesNotMoveItsOffsets) {
  Acknowledgements acknowledgements(1);
  const auto before = acknowledgements.next_ticket(Slot(0));
  acknowledgements.sent(Slot(0));
  acknowledgements.open_cut();
  const auto after = acknowledgements.next_ticket(Slot(0));
  acknowledgements.sent(Slot(0));
  acknowledgements.acknowledged(before, KafkaOffset(4));
  acknowledgements.acknowledged(after, KafkaOffset(5));
  ASSERT_TRUE(acknowledgements.covered());
  EXPECT_THAT(acknowledgements.close_cut(), ElementsAre(KafkaOffset(5)));
  acknowledgements.open_cut();
  ASSERT_TRUE(acknowledgements.covered()) << "nothing was sent since, and all is acknowledged";
  EXPECT_THAT(acknowledgements.close_cut(), ElementsAre(KafkaOffset(6)));
}

TEST(Acknowledgements, APartitionThatSentNothingHasNoOffset) {
  Acknowledgements acknowledgements(1);
  acknowledgements.open_cut();
  ASSERT_TRUE(acknowledgements.covered());
  EXPECT_THAT(acknowledgements.close_cut(), ElementsAre(std::nullopt));
}

/// One partition, a history of one transaction after another, and no Kafka: the test acknowledges.
class Cut : public ::testing::Test {
 protected:
  Cut() : history_(*OriginPosition::parse("1-101-10"), std::nullopt) {
    writers_.emplace_back("east", "main", PartitionId(0), counts_.repeated_rows);
    base_.id = kFirstEpoch;
    base_.position = "1-101-10"_position;
    base_.partitions = {{"main", PartitionId(0), Seq(1), KafkaOffset(100)}};
  }

  void transaction(std::uint64_t number) {
    const Gtid gtid{.kind = ServerKind::kMariadb, .domain = 1, .server_id = 101, .number = number};
    ASSERT_FALSE(history_.begin(gtid, SourceTime{}));
    ++source_.serial;
    source_.gtid = gtid.to_string();
    const Value key = Value::of_int(static_cast<std::int64_t>(number));
    ASSERT_TRUE(writers_[0].append(
        source_, table_, {.op = change::Op::kInsert, .ordinal = Ordinal(0), .before = {}, .after = {&key, 1}}));
    ASSERT_FALSE(history_.end());
  }
  std::uint64_t send() {
    const auto ticket = acknowledgements_.next_ticket(Slot(0));
    acknowledgements_.sent(Slot(0));
    if (!writers_[0].builder().empty()) {
      (void)writers_[0].builder().finish(LocalTime{});
      writers_[0].builder().clear();
    }
    return ticket;
  }

  const std::shared_ptr<const change::EncodedTable> table_ =
      change::encode_table(*test::bigint_table("shop", "orders", 1, 1).shape, "");
  SourceHistory history_;
  change::SourceTransaction source_;
  Counts::Stream counts_;
  std::vector<PartitionWriter> writers_;
  Acknowledgements acknowledgements_{1};
  KeyShapes shapes_{{}};
  change::Checkpoint base_;
};

TEST_F(Cut, BecomesACheckpointOnceAcknowledgedAndNotBefore) {
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  transaction(11);
  transaction(12);
  const auto ticket = send();
  cut.open(history_);
  EXPECT_FALSE(cut.take_covered());
  transaction(13);  // reading goes on
  acknowledgements_.acknowledged(ticket, KafkaOffset(100));
  const auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->position, "1-101-12"_position);
  EXPECT_EQ(checkpoint->position_before_last, "1-101-11"_position);
  ASSERT_TRUE(checkpoint->last);
  EXPECT_EQ(checkpoint->last->gtid, "1-101-12"_gtid);
  EXPECT_THAT(checkpoint->partitions,
              ElementsAre(change::PartitionState{"main", PartitionId(0), Seq(3), KafkaOffset(101)}));
  EXPECT_FALSE(cut.is_open());
}

TEST_F(Cut, ForgetsTheTablesOfASplitTransactionBehindItAndNotBefore) {
  base_.split_tables = {"shop.orders"};
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  cut.open(history_);
  EXPECT_EQ(cut.take_covered()->split_tables, base_.split_tables);
  transaction(11);
  acknowledgements_.acknowledged(send(), KafkaOffset(100));
  cut.open(history_);
  EXPECT_TRUE(cut.take_covered()->split_tables.empty());
}

TEST_F(Cut, KeepsThemUpToThePlaceUntilWhichAnyTransactionMayBeSplit) {
  base_.split_tables = {"*.*"};
  base_.split_until = "1-101-12"_position;
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  const auto next = [&](std::uint64_t number) {
    transaction(number);
    acknowledgements_.acknowledged(send(), KafkaOffset(90 + static_cast<std::int64_t>(number)));
    cut.open(history_);
    return cut.take_covered();
  };
  const auto before = next(11);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->split_tables, base_.split_tables);
  EXPECT_EQ(before->split_until, base_.split_until);
  const auto behind = next(12);
  ASSERT_TRUE(behind);
  EXPECT_TRUE(behind->split_tables.empty());
  EXPECT_TRUE(behind->split_until.empty());
}

TEST_F(Cut, KeepsTheOldTailInSightUntilItIsReadAgain) {
  // The topic holds seqs 1 to 3 at offset 100, from before a restart.
  writers_[0].start(kFirstEpoch, Seq(1), {.seq = Seq(3), .gtid = "1-101-13", .ordinal = Ordinal(0)});
  CheckpointCut cut(base_, {KafkaOffset(101)}, writers_, acknowledgements_, &shapes_);
  transaction(11);
  acknowledgements_.acknowledged(send(), KafkaOffset(150));  // a watermark goes out meanwhile
  cut.open(history_);
  auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->partitions[0].next_seq, Seq(2));
  EXPECT_EQ(checkpoint->partitions[0].kafka_offset, KafkaOffset(100)) << "seqs 2 and 3 still count as the tail";

  transaction(12);
  transaction(13);
  cut.open(history_);
  checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->partitions[0].next_seq, Seq(4));
  EXPECT_EQ(checkpoint->partitions[0].kafka_offset, KafkaOffset(151));
}

TEST_F(Cut, BeforeTheFirstTransactionItKeepsThePositionAndLeavesTheWatermarksBehind) {
  base_.position = "1-101-11"_position;
  base_.position_before_last = "1-101-10"_position;
  base_.last = change::LastTransaction{.gtid = "1-101-11"_gtid, .commit_time = SourceTime{}, .digest = 5};
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  acknowledgements_.acknowledged(send(), KafkaOffset(159));
  cut.open(history_);
  const auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->position, "1-101-11"_position);
  EXPECT_EQ(checkpoint->position_before_last, "1-101-10"_position);
  EXPECT_EQ(checkpoint->last, base_.last) << "its binlog may be gone, but what it was is not forgotten";
  EXPECT_THAT(checkpoint->partitions,
              ElementsAre(change::PartitionState{"main", PartitionId(0), Seq(1), KafkaOffset(160)}));
}

TEST_F(Cut, WithoutAnySendTheTailBeginsWhereTheTopicEnded) {
  writers_[0].start(kFirstEpoch, Seq(1), {.seq = Seq(1), .gtid = "1-101-11", .ordinal = Ordinal(0)});
  CheckpointCut cut(base_, {KafkaOffset(101)}, writers_, acknowledgements_, &shapes_);
  transaction(11);
  cut.open(history_);
  const auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->partitions[0].kafka_offset, KafkaOffset(101));
}

TEST_F(Cut, HoldsTheShapesThatWereKnownWhenItWasTaken) {
  base_.known_keys = {{.table = 5, .key = 50}};
  shapes_ = KeyShapes(base_.known_keys);
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  (void)shapes_.take(3, 30);
  transaction(11);
  acknowledgements_.acknowledged(send(), KafkaOffset(100));
  cut.open(history_);
  (void)shapes_.take(4, 40);  // reading goes on
  auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_THAT(checkpoint->known_keys,
              ElementsAre(change::KnownKey{.table = 3, .key = 30}, change::KnownKey{.table = 5, .key = 50}));
  cut.open(history_);
  checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->known_keys.size(), 3U);
}

TEST_F(Cut, HoldsTheCascadingKeysThatWereKnownWhenItWasTakenAndTheNextEpochKeepsThem) {
  const change::CascadingKey key{.tie = {.parent = "shop.orders"_table, .child = "shop.items"_table}, .name = "k"};
  base_.numbering.streams = {{.name = "main", .partitions = 1}};
  KnownCascades cascades;
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_, &cascades);
  cascades.take_answer("shop.items"_table, std::vector{key}, history_.position());
  cascades.explain(key.tie, {});
  cut.open(history_);
  cascades.take_answer("shop.items"_table, std::vector<change::CascadingKey>(), history_.position());
  cascades.reached(history_.position());  // reading goes on
  cascades.settle("shop.items"_table);
  auto checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_THAT(checkpoint->cascades, ElementsAre(key));
  EXPECT_THAT(following_epoch(*checkpoint, checkpoint->numbering, Incarnation(99), {"why"}).cascades, ElementsAre(key));
  cut.open(history_);
  checkpoint = cut.take_covered();
  ASSERT_TRUE(checkpoint);
  EXPECT_TRUE(checkpoint->cascades.empty());
}

TEST_F(Cut, InsideATransactionItIsWhereTheNextEpochBegins) {
  base_.source_uuid = "101:1";
  base_.numbering.streams = {{.name = "main", .partitions = 1}};
  base_.known_keys = {{.table = 5, .key = 50}};
  shapes_ = KeyShapes(base_.known_keys);
  writers_[0].start(kFirstEpoch, Seq(1), {});
  CheckpointCut cut(base_, {KafkaOffset(100)}, writers_, acknowledgements_, &shapes_);
  transaction(11);
  const Gtid gtid{.kind = ServerKind::kMariadb, .domain = 1, .server_id = 101, .number = 12};
  ASSERT_FALSE(history_.begin(gtid, SourceTime{}));
  const Value key = Value::of_int(12);
  ++source_.serial;
  ASSERT_TRUE(writers_[0].append(source_, table_,
                                 {.op = change::Op::kInsert, .ordinal = Ordinal(0), .before = {}, .after = {&key, 1}}));
  acknowledgements_.acknowledged(send(), KafkaOffset(140));
  cut.open(history_);
  const auto here = cut.take_covered();
  ASSERT_TRUE(here);
  const auto next = following_epoch(*here, here->numbering, Incarnation(99), {"the key changed"});

  EXPECT_EQ(next.id, (EpochId{Epoch(2), Incarnation(99)}));
  EXPECT_EQ(next.position, "1-101-11"_position) << "transaction 12 is read again";
  EXPECT_EQ(next.position_before_last, "1-101-10"_position);
  ASSERT_TRUE(next.last) << "the history is still compared";
  EXPECT_EQ(next.last->gtid, "1-101-11"_gtid);
  EXPECT_EQ(next.source_uuid, "101:1");
  EXPECT_TRUE(next.known_keys.empty());
  EXPECT_THAT(next.partitions, ElementsAre(change::PartitionState{"main", PartitionId(0), Seq(1), KafkaOffset(141)}));
  ASSERT_TRUE(next.pending_epoch_start);
  EXPECT_EQ(next.pending_epoch_start->continues, kFirstEpoch);
  EXPECT_EQ(next.pending_epoch_start->begins_at, "1-101-11"_position);
  EXPECT_TRUE(next.pending_epoch_start->numbering_changed);
  EXPECT_EQ(next.pending_epoch_start->reason, "the key changed");
  EXPECT_THAT(next.pending_epoch_start->continued, ElementsAre(change::PartitionEnd{"main", PartitionId(0), Seq(2)}))
      << "what is published of transaction 12 belongs to the epoch that ends";
}

}  // namespace
}  // namespace farshore::capture
