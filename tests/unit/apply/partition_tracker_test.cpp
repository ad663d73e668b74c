#include "apply/partition_tracker.hpp"

#include <gmock/gmock.h>

#include "records.hpp"
#include "unit/gtid_literal.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Admission::Kind;

change::BatchHeader changes(std::uint64_t first, std::uint32_t count, EpochId id = kEpoch) {
  change::BatchHeader header;
  header.kind = change::BatchKind::kChanges;
  header.id = id;
  header.first_seq = Seq(first);
  header.count = count;
  header.partition = PartitionId(2);
  header.origin = "west";
  header.stream = "main";
  header.gtid = "0-1-1";
  return header;
}

change::BatchHeader watermark(std::uint64_t seq, EpochId id = kEpoch) {
  change::BatchHeader header = changes(seq, 0, id);
  header.kind = change::BatchKind::kWatermark;
  return header;
}

change::BatchHeader epoch_start(EpochId id) {
  change::BatchHeader header = changes(1, 0, id);
  header.kind = change::BatchKind::kEpochStart;
  return header;
}

PartitionTracker at(std::uint64_t seq, EpochId id = kEpoch) { return PartitionTracker(applied_up_to(seq, 0, id)); }
PartitionTracker without_progress() { return PartitionTracker(nothing_applied()); }

void expect_refused(const Admission& admission, PartitionState state, const std::string& reason) {
  EXPECT_EQ(admission.kind, Kind::kRefuse);
  EXPECT_EQ(to_string(admission.state), to_string(state));
  EXPECT_THAT(admission.reason, HasSubstr(reason));
}
void expect_gap(const Admission& admission, const std::string& reason) {
  EXPECT_EQ(admission.kind, Kind::kGap);
  EXPECT_EQ(admission.state, PartitionState::kHole);
  EXPECT_THAT(admission.reason, HasSubstr(reason));
}

// --- by the header

TEST(Tracker, ABatchOfAnotherOriginStreamOrPartitionIsRefused) {
  change::BatchHeader header = changes(11, 1);
  header.origin = "east";
  expect_refused(at(10).judge(header), PartitionState::kWrongOrigin,
                 "the topic of west/main/2 holds a batch of east/main/2");
  header = changes(11, 1);
  header.stream = "bulk";
  expect_refused(at(10).judge(header), PartitionState::kWrongOrigin, "west/bulk/2");
  header = changes(11, 1);
  header.partition = PartitionId(3);
  expect_refused(at(10).judge(header), PartitionState::kWrongOrigin, "west/main/3");
}

TEST(Tracker, WrongOriginIsSaidWhateverTheEpochOfTheBatch) {
  for (const EpochId id : {EpochId{Epoch(2), Incarnation(1)}, kEpoch, kNextEpoch}) {
    change::BatchHeader header = changes(1, 1, id);
    header.origin = "east";
    expect_refused(at(10).judge(header), PartitionState::kWrongOrigin, "east");
  }
}

TEST(Tracker, TwiceIsOnce) {
  EXPECT_EQ(at(10).judge(changes(1, 10)).kind, Kind::kDrop);
  EXPECT_EQ(at(10).judge(changes(10, 1)).kind, Kind::kDrop);
}

TEST(Tracker, TheNextChangesAreRead) {
  EXPECT_EQ(at(10).judge(changes(11, 1)).kind, Kind::kRead);
  EXPECT_EQ(at(0).judge(changes(1, 5)).kind, Kind::kRead);
}

TEST(Tracker, ABatchThatOverlapsIsReadForItsNewPart) {
  EXPECT_EQ(at(10).judge(changes(8, 4)).kind, Kind::kRead);
  EXPECT_EQ(at(10).judge(changes(1, 11)).kind, Kind::kRead);
}

TEST(Tracker, AHoleIsNamed) { expect_gap(at(10).judge(changes(12, 3)), "seq 11 of epoch 3"); }

TEST(Tracker, AWatermarkOfWhatWasReceivedIsRead) {
  EXPECT_EQ(at(10).judge(watermark(10)).kind, Kind::kRead);
  EXPECT_EQ(at(10).judge(watermark(3)).kind, Kind::kRead);
  EXPECT_EQ(at(0).judge(watermark(0)).kind, Kind::kRead);
}

TEST(Tracker, AWatermarkThatNamesMoreShowsAHole) {
  expect_gap(at(10).judge(watermark(11)), "seq 11 of epoch 3");
  expect_gap(at(10).judge(watermark(11)), "a watermark names 11");
}

TEST(Tracker, AWatermarkCountsOnlyForTheIncarnation) {
  expect_refused(at(10).judge(watermark(10, kOtherIncarnation)), PartitionState::kWrongIncarnation, "another history");
}

TEST(Tracker, AnOlderEpochIsDroppedWhateverItHolds) {
  const EpochId older{Epoch(2), Incarnation(5)};
  EXPECT_EQ(at(10).judge(changes(500, 3, older)).kind, Kind::kDrop);
  EXPECT_EQ(at(10).judge(watermark(500, older)).kind, Kind::kDrop);
  EXPECT_EQ(at(10).judge(epoch_start(older)).kind, Kind::kDrop);
}

TEST(Tracker, TheSameEpochOfAnotherIncarnationIsRefused) {
  expect_refused(at(10).judge(changes(11, 1, kOtherIncarnation)), PartitionState::kWrongIncarnation,
                 "the same number, another history");
  expect_refused(at(10).judge(epoch_start(kOtherIncarnation)), PartitionState::kWrongIncarnation, "another history");
}

TEST(Tracker, TheStartOfItsOwnEpochIsDropped) { EXPECT_EQ(at(10).judge(epoch_start(kEpoch)).kind, Kind::kDrop); }

TEST(Tracker, ANewerEpochWithoutItsStartIsAGap) {
  expect_gap(at(10).judge(changes(1, 1, kNextEpoch)), "the start record of epoch 4");
  expect_gap(at(10).judge(watermark(0, kNextEpoch)), "the start record of epoch 4");
  EXPECT_EQ(at(10).judge(epoch_start(kNextEpoch)).kind, Kind::kRead);
}

TEST(Tracker, WithoutProgressOnlyAnEpochStartIsRead) {
  expect_refused(without_progress().judge(changes(1, 1)), PartitionState::kNeedsSnapshot,
                 "the topic begins inside epoch 3");
  expect_refused(without_progress().judge(watermark(0)), PartitionState::kNeedsSnapshot, "nothing is applied here yet");
  EXPECT_EQ(without_progress().judge(epoch_start(kEpoch)).kind, Kind::kRead);
}

TEST(Tracker, EpochZeroIsNoEpoch) {
  expect_refused(without_progress().judge(changes(1, 1, kNone)), PartitionState::kUnreadableBatch, "epoch 0");
  expect_refused(at(10).judge(changes(11, 1, kNone)), PartitionState::kUnreadableBatch, "epoch 0");
  expect_refused(without_progress().judge(epoch_start(kNone)), PartitionState::kUnreadableBatch, "epoch 0");
}

// --- epoch starts

class TrackerAtAStart : public ::testing::Test {
 protected:
  Admission judge(const PartitionTracker& tracker, const change::EpochStart& start, EpochId id = kNextEpoch) {
    const auto record = Topic(id).epoch_start(start);
    change::Batch batch;
    EXPECT_TRUE(change::read_batch(record->header, record->value, tables_, batch));
    EXPECT_EQ(tracker.judge(batch.header()).kind, Kind::kRead);
    return tracker.judge_start(batch);
  }
  change::TableCache tables_;
};

TEST_F(TrackerAtAStart, AFirstEpochIsTheBarrierOfAPartitionWithoutProgress) {
  EXPECT_EQ(judge(without_progress(), first_start(), kEpoch).kind, Kind::kBarrier);
}

TEST_F(TrackerAtAStart, APartitionThatHadNoChangeBeginsWithALaterEpochToo) {
  EXPECT_EQ(judge(without_progress(), continuing_start(0)).kind, Kind::kBarrier);
  change::EpochStart without_it = continuing_start(0);
  without_it.continued.pop_back();
  EXPECT_EQ(judge(without_progress(), without_it).kind, Kind::kBarrier);
}

TEST_F(TrackerAtAStart, WithoutProgressAnEpochThatContinuesChangesNeedsASnapshot) {
  expect_refused(judge(without_progress(), continuing_start(1)), PartitionState::kNeedsSnapshot,
                 "epoch 4 (0000000000000058) continues epoch 3 (000000000000004d) after its seq 1");
}

TEST_F(TrackerAtAStart, TheNextEpochIsABarrierWhenAllOfThisOneIsHere) {
  EXPECT_EQ(judge(at(10), continuing_start(10)).kind, Kind::kBarrier);
}

TEST_F(TrackerAtAStart, ChangesMissingBeforeTheNextEpochAreAHole) {
  expect_gap(judge(at(10), continuing_start(12)), "seq 11 of epoch 3");
  expect_gap(judge(at(10), continuing_start(12)), "begins after 12");
}

TEST_F(TrackerAtAStart, HavingMoreThanTheNextEpochContinuesIsGoodWhileKeysStayWhereTheyAre) {
  EXPECT_EQ(judge(at(10), continuing_start(8)).kind, Kind::kBarrier);
}

TEST_F(TrackerAtAStart, HavingMoreIsAConflictWhenKeysMayHaveMoved) {
  change::EpochStart start = continuing_start(8);
  start.numbering_changed = true;
  expect_refused(judge(at(10), start), PartitionState::kNumberingConflict, "continues after seq 8");
  start = continuing_start(10);
  start.numbering_changed = true;
  EXPECT_EQ(judge(at(10), start).kind, Kind::kBarrier);
}

TEST_F(TrackerAtAStart, HavingMoreIsAConflictBehindAStatementWithoutRows) {
  change::EpochStart start = continuing_start(8);
  start.statement = change::RowlessStatement{.text = "TRUNCATE t", .tables = {"shop.t"}, .gtid = "0-1-9"_gtid};
  expect_refused(judge(at(10), start), PartitionState::kNumberingConflict, "behind a statement without rows");
}

TEST_F(TrackerAtAStart, AnEpochOfAnotherHistoryIsRefused) {
  expect_refused(judge(at(10), continuing_start(10, kOtherIncarnation)), PartitionState::kWrongIncarnation,
                 "continues epoch 3 (000000000000029a), and epoch 3 (000000000000004d) is applied here");
  expect_refused(judge(at(10), continuing_start(10, {Epoch(2), Incarnation(1)})), PartitionState::kWrongIncarnation,
                 "continues epoch 2");
  expect_refused(judge(at(10), first_start()), PartitionState::kWrongIncarnation, "is applied here");
}

TEST_F(TrackerAtAStart, AnEpochThatDoesNotKnowThisPartitionIsRefusedOnceItHasProgress) {
  change::EpochStart start = continuing_start(10);
  start.continued.pop_back();
  expect_refused(judge(at(10), start), PartitionState::kWrongIncarnation, "epoch 4");
}

TEST_F(TrackerAtAStart, AnEpochThatIsSkippedIsAGap) {
  const EpochId later{Epoch(5), Incarnation(99)};
  expect_gap(judge(at(10), continuing_start(3, kNextEpoch), later), "the start record of epoch 4");
}

TEST_F(TrackerAtAStart, AfterItEnteredTheEpochItCountsFromOneAgain) {
  PartitionTracker tracker = at(10);
  tracker.enter_epoch(applied_up_to(0, 6, kNextEpoch));
  EXPECT_EQ(tracker.epoch(), kNextEpoch);
  EXPECT_EQ(tracker.judge(changes(1, 2, kNextEpoch)).kind, Kind::kRead);
  EXPECT_EQ(tracker.judge(changes(11, 1, kEpoch)).kind, Kind::kDrop);
  expect_gap(tracker.judge(changes(2, 2, kNextEpoch)), "seq 1 of epoch 4");
}

// --- taking

class TrackerTakes : public ::testing::Test {
 protected:
  std::expected<PartitionTracker::Taken, std::string> take(PartitionTracker& tracker,
                                                           const std::shared_ptr<OwnedBatch>& record) {
    const auto read = change::read_batch(record->header, record->value, tables_, record->batch);
    EXPECT_TRUE(read) << read.error().detail;
    EXPECT_EQ(tracker.judge(record->batch.header()).kind, Kind::kRead);
    return tracker.take(record->batch);
  }
  change::TableCache tables_;
};

TEST_F(TrackerTakes, OnlyWhatIsAboveItsSeq) {
  PartitionTracker tracker(applied_up_to(10, 4));
  Topic topic(kEpoch, 9);
  topic.transaction(5).insert(1, "a").insert(2, "b").insert(3, "c").insert(4, "d");
  const auto taken = take(tracker, topic.send());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->first, 2U);
  EXPECT_THAT(taken->contained, IsEmpty());
  EXPECT_EQ(tracker.seq(), Seq(12));
  EXPECT_EQ(tracker.judge(changes(9, 4)).kind, Kind::kDrop);
}

TEST_F(TrackerTakes, InANewEpochWhatItsPositionContainsIsCountedAndNotApplied) {
  PartitionTracker tracker(applied_up_to(10, 6));
  tracker.enter_epoch(applied_up_to(0, 6, kNextEpoch));
  Topic topic(kNextEpoch);
  topic.transaction(5).insert(1, "a").transaction(6).insert(2, "b").transaction(7).insert(3, "c");
  const auto taken = take(tracker, topic.send());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->first, 0U);
  EXPECT_THAT(taken->contained, ElementsAre(true, true, false));
  EXPECT_TRUE(taken->overlaps);
}

TEST_F(TrackerTakes, InsideATransactionTheOrdinalTellsWhatIsContained) {
  store::ProgressRow row = applied_up_to(0, 6, kNextEpoch);
  row.row_gtid = gtid_of(7);
  row.row_ordinal = 2;
  PartitionTracker tracker(row);
  Topic topic(kNextEpoch);
  topic.transaction(7).insert(1, "ordinal 0").insert(2, "ordinal 2").insert(3, "ordinal 4");
  const auto taken = take(tracker, topic.send());
  ASSERT_TRUE(taken);
  EXPECT_THAT(taken->contained, ElementsAre(true, true, false));
}

TEST_F(TrackerTakes, BeyondWhatWasContainedNothingIsLookedAtAnyMore) {
  PartitionTracker tracker(applied_up_to(0, 6, kNextEpoch));
  Topic topic(kNextEpoch);
  topic.transaction(7).insert(1, "a");
  const auto first = take(tracker, topic.send());
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->overlaps);
  EXPECT_THAT(first->contained, IsEmpty());
}

TEST_F(TrackerTakes, ATextThatIsNoGtidIsRefusedAndTakesNothing) {
  PartitionTracker tracker(applied_up_to(0));
  change::BatchBuilder builder("west", "main", PartitionId(2));
  builder.reset_numbering(kEpoch, Seq(1));
  const std::vector<Value> row{Value::of_int(1), Value::of_bytes("a")};
  builder.append({.serial = 1, .gtid = "'); DROP", .commit_time = {}, .position_before = {}},
                 change::encode_table(notes_shape("notes"), ""),
                 {.op = change::Op::kInsert, .ordinal = Ordinal(0), .before = {}, .after = row});
  const auto record = builder.finish(LocalTime{});
  const auto taken = take(tracker, make_record(std::string(record.header), std::string(record.value), KafkaOffset(1)));
  ASSERT_FALSE(taken);
  EXPECT_EQ(tracker.seq(), Seq(0));
}

TEST_F(TrackerTakes, ATextThatIsNoPositionIsRefused) {
  PartitionTracker tracker(applied_up_to(0));
  change::BatchBuilder builder("west", "main", PartitionId(2));
  builder.reset_numbering(kEpoch, Seq(1));
  const std::vector<Value> row{Value::of_int(1), Value::of_bytes("a")};
  builder.append({.serial = 1, .gtid = "0-1-1", .commit_time = {}, .position_before = "\xFF\xFE"},
                 change::encode_table(notes_shape("notes"), ""),
                 {.op = change::Op::kInsert, .ordinal = Ordinal(0), .before = {}, .after = row});
  const auto record = builder.finish(LocalTime{});
  EXPECT_FALSE(take(tracker, make_record(std::string(record.header), std::string(record.value), KafkaOffset(1))));
}

}  // namespace
}  // namespace farshore::apply
