#include "apply/barrier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.hpp"
#include "unit/gtid_literal.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using store::PartitionState;
using store::ProgressRow;
using store::StatementState;
using testing::ElementsAre;
using testing::HasSubstr;

ProgressRow row_of(int partition, EpochId epoch, PartitionState state) {
  ProgressRow row = applied_up_to(4, 4, epoch);
  row.key.partition = PartitionId(partition);
  row.state = state;
  return row;
}

Barrier arrival(change::EpochStart start) { return {.epoch = kNextEpoch, .start = std::move(start)}; }

/// The continued epoch had the partitions main/0 and main/2.
bool is_complete(const std::vector<ProgressRow>& rows, std::string* waiting = nullptr, std::uint64_t last_seq = 10) {
  const auto wait =
      wait_at_barrier("west", arrival(continuing_start(last_seq)), {.rows = rows, .parked = {}, .statement = {}});
  EXPECT_EQ(wait ? wait->state : PartitionState::kAtBarrier, PartitionState::kAtBarrier);
  if (waiting != nullptr && wait) *waiting = wait->reason;
  return !wait;
}

TEST(Barrier, IsPassedOnlyWhenEveryPartitionHasArrived) {
  std::string waiting;
  EXPECT_FALSE(is_complete({row_of(0, kEpoch, PartitionState::kAtBarrier)}, &waiting));
  EXPECT_THAT(waiting, HasSubstr("and main/2 (has no progress here) is not"));
  EXPECT_FALSE(is_complete(
      {row_of(0, kEpoch, PartitionState::kApplying), row_of(2, kEpoch, PartitionState::kAtBarrier)}, &waiting));
  EXPECT_THAT(waiting, HasSubstr("and main/0 (is still before it) is not"));
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

TEST(Barrier, APartitionThatWaitsForAWordOnItsStatementHasArrived) {
  EXPECT_TRUE(is_complete(
      {row_of(0, kEpoch, PartitionState::kWaitingForStatement), row_of(2, kEpoch, PartitionState::kAtBarrier)}));
}

TEST(Barrier, OfAFirstEpochWaitsForNobody) {
  EXPECT_FALSE(wait_at_barrier("west", {.epoch = kEpoch, .start = first_start()}, {}));
}

// --- what else is waited for

class AnArrival : public ::testing::Test {
 protected:
  [[nodiscard]] std::optional<BarrierWait> wait() const { return wait_at_barrier("west", arrival(start_), facts_); }
  void says(const std::string& text, std::vector<std::string> tables) {
    start_.statement = change::RowlessStatement{.text = text, .tables = std::move(tables), .gtid = "0-1-9"_gtid};
  }

  change::EpochStart start_ = continuing_start(10);
  BarrierFacts facts_{
      .rows = {row_of(0, kEpoch, PartitionState::kAtBarrier), row_of(2, kEpoch, PartitionState::kAtBarrier)},
      .parked = {},
      .statement = {}};
  change::TableRules rules_ = *change::TableRules::make(
      {{.name = "bulk", .tables = {"bulk.*"}, .partitions = 1}, {.name = "main", .tables = {"*.*"}, .partitions = 8}},
      {});
};

TEST_F(AnArrival, WaitsForWhatIsParkedFromBeforeAndNamesTablesAndCommand) {
  facts_.parked = {{"shop.a", 2}, {"shop.b", 1}, {"shop.c", 1}, {"shop.d", 7}};
  const auto found = wait();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, PartitionState::kAtBarrier);
  EXPECT_THAT(found->reason, HasSubstr("11 changes are (2 of shop.a, 1 of shop.b, 1 of shop.c, and of 1 tables more)"));
  EXPECT_THAT(found->reason, HasSubstr("`farshorectl parked list --origin west`"));
}

TEST_F(AnArrival, BehindAStatementWaitsForAWordAndSaysWhatToDo) {
  says("TRUNCATE shop.\xE9t\xE9", {"shop.orders"});
  const auto found = wait();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, PartitionState::kWaitingForStatement);
  EXPECT_THAT(found->reason, HasSubstr("`TRUNCATE shop.?t?`"));
  EXPECT_THAT(found->reason, HasSubstr("(shop.orders)"));
  EXPECT_THAT(found->reason, HasSubstr("`farshorectl ddl done --origin west --epoch 4 --execute`"));
  EXPECT_THAT(found->reason, HasSubstr("`farshorectl ddl skip --origin west --epoch 4 --execute`"));
  facts_.statement = StatementState::kWaiting;
  EXPECT_TRUE(wait());
  facts_.statement = StatementState::kDone;
  EXPECT_FALSE(wait());
  facts_.statement = StatementState::kSkipped;
  EXPECT_FALSE(wait());
}

TEST_F(AnArrival, TheLongestSentenceFitsTheColumn) {
  says(std::string(4'096, 'x'), std::vector<std::string>(100, std::string(500, 'y')));
  EXPECT_LE(wait()->reason.size(), store::kReasonBytesMax);
  start_.statement->may_be_temporary = true;
  EXPECT_LE(wait()->reason.size(), store::kReasonBytesMax);
}

TEST_F(AnArrival, AsksForAWordOnlyWhenAllBeforeTheStatementIsApplied) {
  says("TRUNCATE shop.orders", {"shop.orders"});
  facts_.parked = {{"shop.a", 2}};
  EXPECT_EQ(wait()->state, PartitionState::kAtBarrier);
  facts_.parked.clear();
  facts_.rows.pop_back();
  EXPECT_EQ(wait()->state, PartitionState::kAtBarrier);
}

TEST_F(AnArrival, OfAStatementThatWasDoneMakesNothingUnequal) {
  says("TRUNCATE shop.orders", {"shop.orders"});
  EXPECT_TRUE(unequal_behind(arrival(start_), StatementState::kDone, rules_).empty());
}

TEST_F(AnArrival, BehindAColumnThatWasAddedWithAConstantWaitsForNobody) {
  says("ALTER TABLE orders ADD c INT DEFAULT 1", {"shop.orders"});
  const AddedColumn column{
      .name = "c", .constant = {.kind = ColumnConstant::Kind::kNumber, .text = "1"}, .type = "int"};
  start_.statement->added_columns = {column};
  EXPECT_FALSE(wait());
  EXPECT_THAT(added_behind("west", arrival(start_), rules_),
              ElementsAre(store::AwaitedColumn{.origin = "west",
                                               .stream = "main",
                                               .table = {.schema = "shop", .table = "orders"},
                                               .column = column,
                                               .epoch = kNextEpoch}));
  start_.statement->tables = {"bulk.orders"};
  EXPECT_TRUE(added_behind("west", arrival(start_), rules_).empty()) << "the epoch has no such stream";
  start_.statement->tables = {"farshore.orders"};
  EXPECT_TRUE(added_behind("west", arrival(start_), rules_).empty()) << "nothing of it comes here";
}

TEST_F(AnArrival, OfAStatementThatMayBeOfTemporaryTablesMakesThemUnequalAlsoWhenItWasDone) {
  says("RENAME TABLE a TO b", {"shop.a", "shop.b"});
  start_.statement->may_be_temporary = true;
  EXPECT_THAT(wait()->reason, HasSubstr("MariaDB logs it of temporary tables in the same way"));
  EXPECT_THAT(wait()->reason, HasSubstr("only say done (its tables are not-yet-equal then too, in each region"));
  const auto unequal = unequal_behind(arrival(start_), StatementState::kDone, rules_);
  ASSERT_EQ(unequal.size(), 2U);
  EXPECT_EQ(unequal[0].stream + "/" + unequal[0].table, "main/shop.a");
  EXPECT_THAT(unequal[0].why, HasSubstr("MariaDB logs `RENAME TABLE a TO b` of temporary tables in the same way"));
}

TEST_F(AnArrival, OfAStatementThatWasSkippedMakesItsTablesUnequal) {
  start_.partitions.push_back({"bulk", PartitionId(0), Seq(0)});
  says("DROP TABLE shop.orders, bulk.log", {"shop.orders", "bulk.log"});
  const auto unequal = unequal_behind(arrival(start_), StatementState::kSkipped, rules_);
  ASSERT_EQ(unequal.size(), 2U);
  EXPECT_EQ(unequal[0].stream + "/" + unequal[0].table, "main/shop.orders");
  EXPECT_EQ(unequal[1].stream + "/" + unequal[1].table, "bulk/bulk.log");
  EXPECT_EQ(unequal[0].why, "`DROP TABLE shop.orders, bulk.log` of the origin was passed over");
}

TEST_F(AnArrival, OfAStatementWithoutPlainTablesMakesEveryStreamUnequal) {
  start_.partitions.push_back({"bulk", PartitionId(0), Seq(0)});
  says("something", {});
  const auto unequal = unequal_behind(arrival(start_), StatementState::kSkipped, rules_);
  ASSERT_EQ(unequal.size(), 2U);
  EXPECT_EQ(unequal[0].stream + "/" + unequal[0].table, "bulk/");
  EXPECT_EQ(unequal[1].stream + "/" + unequal[1].table, "main/");
}

TEST_F(AnArrival, MakesTablesUnequalWhoseRowsWereMissed) {
  start_.missed_tables = {"shop.late"};
  auto unequal = unequal_behind(arrival(start_), std::nullopt, rules_);
  ASSERT_EQ(unequal.size(), 1U);
  EXPECT_EQ(unequal[0].stream + "/" + unequal[0].table, "main/shop.late");
  start_.missed_tables = {"*.*"};
  unequal = unequal_behind(arrival(start_), std::nullopt, rules_);
  ASSERT_EQ(unequal.size(), 1U);
  EXPECT_EQ(unequal[0].stream + "/" + unequal[0].table, "main/");
}

}  // namespace
}  // namespace farshore::apply
