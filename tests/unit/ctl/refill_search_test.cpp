#include "services/ctl/refill_search.hpp"

#include <gtest/gtest.h>

namespace farshore::ctl {
namespace {

using change::BatchHeader;
using change::BatchKind;
using Found = RefillSearch::Found;

constexpr EpochId kApplied{Epoch(3), Incarnation(30)};

store::ProgressRow applied_up_to(std::uint64_t seq) {
  store::ProgressRow row;
  row.epoch = kApplied;
  row.seq = Seq(seq);
  return row;
}

BatchHeader record(BatchKind kind, EpochId id, std::uint64_t first, std::uint32_t count = 0) {
  BatchHeader header;
  header.kind = kind;
  header.id = id;
  header.first_seq = Seq(first);
  header.count = count;
  return header;
}

TEST(RefillSearch, PassesOverWhatIsAppliedAndFindsTheBatchThatHoldsTheNextNumber) {
  RefillSearch search(applied_up_to(10));
  EXPECT_EQ(search.look(record(BatchKind::kChanges, {Epoch(2), Incarnation(20)}, 90, 20)), Found::kNotYet);
  EXPECT_EQ(search.look(record(BatchKind::kEpochStart, kApplied, 1)), Found::kNotYet);
  EXPECT_EQ(search.look(record(BatchKind::kChanges, kApplied, 1, 10)), Found::kNotYet);
  EXPECT_EQ(search.look(record(BatchKind::kWatermark, kApplied, 10)), Found::kNotYet);
  EXPECT_EQ(search.look(record(BatchKind::kChanges, kApplied, 9, 5)), Found::kHere);
}

TEST(RefillSearch, SaysWhenTheNextNumberIsGoneAtTheOriginToo) {
  RefillSearch search(applied_up_to(10));
  EXPECT_EQ(search.look(record(BatchKind::kChanges, kApplied, 12, 5)), Found::kGone);
}

TEST(RefillSearch, GoesOnWithTheStartOfTheNextEpochWhereTheAppliedOneIsWhole) {
  RefillSearch search(applied_up_to(10));
  EXPECT_EQ(search.look(record(BatchKind::kEpochStart, {Epoch(4), Incarnation(40)}, 1)), Found::kHere);
  RefillSearch without_start(applied_up_to(10));
  EXPECT_EQ(without_start.look(record(BatchKind::kChanges, {Epoch(4), Incarnation(40)}, 1, 3)), Found::kGone);
}

TEST(RefillSearch, OfNothingAppliedBeginsAtTheFirstEpochStart) {
  RefillSearch search{store::ProgressRow{}};
  EXPECT_EQ(search.look(record(BatchKind::kEpochStart, {Epoch(1), Incarnation(10)}, 1)), Found::kHere);
}

}  // namespace
}  // namespace farshore::ctl
