#include "apply/barrier.hpp"

#include <gtest/gtest.h>

#include "records.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using progress::PartitionState;
using progress::ProgressRow;

ProgressRow row_of(int partition, EpochId epoch, PartitionState state) {
  ProgressRow row = applied_up_to(4, 4, epoch);
  row.key.partition = PartitionId(partition);
  row.state = state;
  return row;
}

/// The continued epoch had the partitions main/0 and main/2.
bool is_complete(const std::vector<ProgressRow>& rows, std::string* waiting = nullptr, std::uint64_t last_seq = 10) {
  std::string waiting_for;
  const bool complete = barrier_is_complete(kNextEpoch, continuing_start(last_seq), rows, waiting_for);
  if (waiting != nullptr) *waiting = waiting_for;
  return complete;
}

TEST(Barrier, IsPassedOnlyWhenEveryPartitionHasArrived) {
  std::string waiting;
  EXPECT_FALSE(is_complete({row_of(0, kEpoch, PartitionState::kAtBarrier)}, &waiting));
  EXPECT_EQ(waiting, "main/2");
  EXPECT_FALSE(is_complete(
      {row_of(0, kEpoch, PartitionState::kApplying), row_of(2, kEpoch, PartitionState::kAtBarrier)}, &waiting));
  EXPECT_EQ(waiting, "main/0");
  EXPECT_TRUE(
      is_complete({row_of(0, kEpoch, PartitionState::kAtBarrier), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
}

TEST(Barrier, APartitionThatIsBeyondItHasArrived) {
  EXPECT_TRUE(
      is_complete({row_of(0, kNextEpoch, PartitionState::kApplying), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
  EXPECT_TRUE(is_complete(
      {row_of(0, {Epoch(9), Incarnation(1)}, PartitionState::kHole), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
}

TEST(Barrier, APartitionInAnyOtherStateHasNotArrived) {
  for (const PartitionState state :
       {PartitionState::kApplying, PartitionState::kHole, PartitionState::kWaitingForSchema,
        PartitionState::kNeedsSnapshot, PartitionState::kUnreadableBatch, PartitionState::kWrongIncarnation,
        PartitionState::kNumberingConflict, PartitionState::kMarkerFiltered, PartitionState::kWrongOrigin,
        PartitionState::kStopped}) {
    EXPECT_FALSE(is_complete({row_of(0, kEpoch, state), row_of(2, kEpoch, PartitionState::kAtBarrier)}))
        << to_string(state);
  }
}

TEST(Barrier, OneThatStillWaitsAtAnEarlierBarrierHasNotArrived) {
  const EpochId before{Epoch(2), Incarnation(5)};
  EXPECT_FALSE(
      is_complete({row_of(0, before, PartitionState::kAtBarrier), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
  EXPECT_FALSE(is_complete(
      {row_of(0, kOtherIncarnation, PartitionState::kAtBarrier), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
}

TEST(Barrier, APartitionThatHadNoChangeMayArriveWithoutProgress) {
  const std::vector<ProgressRow> rows{row_of(0, kEpoch, PartitionState::kAtBarrier),
                                      row_of(2, kNone, PartitionState::kAtBarrier)};
  EXPECT_TRUE(is_complete(rows, nullptr, 0));
  EXPECT_FALSE(is_complete(rows, nullptr, 1)) << "it had a change, which is not here";
}

TEST(Barrier, PartitionsOfOtherStreamsAreToldApart) {
  ProgressRow bulk = row_of(0, kEpoch, PartitionState::kAtBarrier);
  bulk.key.stream = "bulk";
  EXPECT_FALSE(is_complete({bulk, row_of(2, kEpoch, PartitionState::kAtBarrier)}));
}

TEST(Barrier, OfAFirstEpochWaitsForNobody) {
  std::string waiting;
  EXPECT_TRUE(barrier_is_complete(kEpoch, first_start(), {}, waiting));
}

}  // namespace
}  // namespace farshore::apply
