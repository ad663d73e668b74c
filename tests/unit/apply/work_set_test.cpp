#include "apply/work_set.hpp"

#include <gmock/gmock.h>

#include "records.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::shared_ptr<OwnedBatch> batch_of_three() {
  change::TableCache tables;
  Topic topic;
  auto record = topic.transaction(1).insert(1, "a").insert(2, "b").insert(3, "c").send();
  EXPECT_TRUE(change::read_batch(record->header, record->value, tables, record->batch));
  return record;
}

TEST(AWorkSet, BringsAPartitionFromItsBaseToItsNext) {
  WorkSet set;
  EXPECT_TRUE(set.empty());
  Slice& slice = set.slice(set.open_slice(applied_up_to(10, 4)));
  EXPECT_FALSE(set.empty());
  EXPECT_EQ(slice.key, partition_key());
  EXPECT_EQ(slice.base_epoch, kEpoch);
  EXPECT_EQ(slice.base_seq, Seq(10));
  EXPECT_EQ(slice.next.seq, Seq(10));
  EXPECT_FALSE(slice.next_offset.has_value());
}

TEST(AWorkSet, CountsRowsBytesAndWhatIsContained) {
  WorkSet set;
  const std::uint32_t slice = set.open_slice(applied_up_to(0));
  const auto batch = batch_of_three();
  set.add({.batch = batch, .slice = slice, .begin = 1, .end = 3, .contained = {true, true, false}, .overlaps = true});
  EXPECT_EQ(set.rows(), 2U);
  EXPECT_EQ(set.bytes(), batch->value.size());
  EXPECT_EQ(set.slice(slice).rows, 2U);
  EXPECT_EQ(set.slice(slice).contained, 1U) << "the first change is not in the part";
  EXPECT_TRUE(set.parts()[0].is_contained(1));
  EXPECT_FALSE(set.parts()[0].is_contained(2));
}

TEST(AWorkSet, KeepsItsBatchesUntilItIsCleared) {
  WorkSet set;
  std::weak_ptr<const ReadBatch> batch;
  {
    const auto made = batch_of_three();
    batch = made;
    set.add({.batch = made, .slice = set.open_slice(applied_up_to(0)), .begin = 0, .end = 3, .contained = {}});
  }
  EXPECT_FALSE(batch.expired());
  set.clear();
  EXPECT_TRUE(batch.expired());
}

TEST(AWorkSet, IsEmptyAfterClearAndAnotherFilling) {
  WorkSet set;
  const std::uint64_t first = set.serial();
  set.add(
      {.batch = batch_of_three(), .slice = set.open_slice(applied_up_to(0)), .begin = 0, .end = 3, .contained = {}});
  set.clear();
  EXPECT_TRUE(set.empty());
  EXPECT_THAT(set.parts(), IsEmpty());
  EXPECT_EQ(set.rows(), 0U);
  EXPECT_EQ(set.bytes(), 0U);
  EXPECT_NE(set.serial(), first);
}

// --- the pool

TEST(ABatchPool, GivesABatchAgainWithoutItsRecord) {
  BatchPool pool;
  auto batch = pool.get();
  const ReadBatch* const address = batch.get();
  batch.reset();
  batch = pool.get();
  EXPECT_EQ(batch.get(), address);
  EXPECT_FALSE(batch->record.has_value());
}

TEST(ABatchPool, DoesNotKeepWhatHasGrownLarge) {
  change::TableCache tables;
  Topic topic;
  topic.transaction(1);
  for (std::int64_t i = 0; i < 1000; ++i) topic.insert(i, "a");
  const auto record = topic.send();
  BatchPool pool(4, 1000);
  auto large = pool.get();
  const auto small = pool.get();
  ASSERT_TRUE(change::read_batch(record->header, record->value, tables, large->batch));
  ASSERT_GT(large->batch.memory_bytes(), 1000U);
  large.reset();
  const auto next = pool.get();
  EXPECT_LT(next->batch.memory_bytes(), 1000U);
}

TEST(ABatchPool, LetsBatchesOutliveIt) {
  std::shared_ptr<ReadBatch> batch;
  {
    BatchPool pool;
    batch = pool.get();
  }
  batch->offset = KafkaOffset(7);
  batch.reset();
}

}  // namespace
}  // namespace farshore::apply
