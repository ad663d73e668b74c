#include "apply/barrier_passing.hpp"

#include "unit/gtid_literal.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ABarrier : public Writing {
 protected:
  ABarrier() {
    ProgressRow other = applied_up_to(4);
    other.key.partition = PartitionId(0);
    stored(other);
    stored_and_loaded(applied_up_to(10, 4));
  }
  void arrive(const change::EpochStart& start) {
    EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)), Intake::Step::kBarrier);
    write();
    EXPECT_EQ(target_.progress().at("state"), "at-barrier");
  }
  void other_arrives() { target_.write_progress(0, {{"state", "at-barrier"}}); }
  bool entered() {
    return eventually([&] { return target_.progress().at("epoch") == "4"; });
  }
};

TEST_F(ABarrier, IsPassedWhenTheOtherPartitionArrivesInAnotherProcess) {
  change::EpochStart start = continuing_start(10);
  start.begins_at = origin_position_after(6);
  arrive(start);
  tick();
  EXPECT_FALSE(has_outcome<BarrierPassed>());
  EXPECT_EQ(target_.progress().at("epoch"), "3");
  other_arrives();
  ASSERT_TRUE(entered());
  EXPECT_TRUE(has_outcome<BarrierPassed>());
  EXPECT_EQ(target_.progress().at("seq"), "0");
  EXPECT_EQ(target_.progress().at("state"), "applying");
  EXPECT_EQ(target_.progress().at("origin_position"), position_after(6));
  EXPECT_EQ(outcome<BarrierPassed>().row.epoch, kNextEpoch);
}

TEST_F(ABarrier, NothingBehindItIsWrittenBefore) {
  arrive(continuing_start(10));
  (void)set_.open_slice(applied_up_to(10, 4));
  write();
  EXPECT_FALSE(has_outcome<Applied>());
  EXPECT_TRUE(has_outcome<Lost>());
}

TEST_F(ABarrier, EnteringItMakesTheRowsOfPartitionsThatTheEpochAddsSoThatTheGateMissesThem) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_[0], StartsWith(kProgress)) << "the marker is first";
  EXPECT_THAT(writes_[1], AllOf(StartsWith("INSERT INTO farshore.progress"), HasSubstr("'west','main',9,0,0,0,")));
  EXPECT_EQ(writes_[2], "COMMIT");
  const Fields added = target_.progress(9);
  EXPECT_EQ(added.at("safe_time"), "0");
  EXPECT_EQ(added.at("owner"), "");
  EXPECT_EQ(target_.progress(0).at("epoch"), "3") << "rows that are there stay as they are";
}

TEST_F(ABarrier, APartitionWhoseRowItMadeIsTakenOverAndPassesTheSameBarrierLater) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  load(9);
  EXPECT_EQ(target_.progress(9).at("owner"), "apply-1/0");
  EXPECT_EQ(target_.progress(9).at("epoch"), "0") << "nothing of it is applied yet";
  store::PartitionKey key = partition_key();
  key.partition = PartitionId(9);
  EXPECT_EQ(take(Topic(kNextEpoch, 1, key).epoch_start(start)), Intake::Step::kBarrier);
  write();
  ASSERT_TRUE(eventually([&] { return target_.progress(9).at("epoch") == "4"; }));
}

TEST_F(ABarrier, ARowThatCannotBeMadeKeepsItClosedAndIsSaidOnce) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  target_.deny("INSERT INTO farshore.progress");
  other_arrives();
  arrive(start);
  const auto waits = [&] { return std::ranges::count_if(outcomes_, is<WaitsAtBarrier>); };
  ASSERT_TRUE(eventually([&] { return waits() > 0; }));
  EXPECT_EQ(target_.progress().at("epoch"), "3") << "both or neither";
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("it cannot be entered yet: 1142 command denied to user"));
  int said = 0;
  for (int ticks = 0; ticks < 500; ++ticks) {
    tick();
    said += static_cast<int>(waits());
  }
  EXPECT_EQ(said, 0) << "once is enough";
  target_.deny("");
  ASSERT_TRUE(entered());
}

TEST_F(ABarrier, ThatStandsForAMomentSaysInItsRowForWhom) {
  arrive(continuing_start(10));
  ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("main/0 (is still before it) is not"));
  EXPECT_EQ(outcome<WaitsAtBarrier>().row.reason, target_.progress().at("reason"));
  EXPECT_THAT(writes_[0], StartsWith(kProgress));
  EXPECT_EQ(writes_[1], "COMMIT");
  other_arrives();
  ASSERT_TRUE(entered());
  EXPECT_EQ(target_.progress().at("reason"), "");
}

class AStatementsBarrier : public ABarrier {
 protected:
  AStatementsBarrier() {
    start_.statement =
        change::RowlessStatement{.text = "TRUNCATE notes", .tables = {"shop.notes"}, .gtid = "0-1-5"_gtid};
  }
  void stands() {
    other_arrives();
    arrive(start_);
    ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  }

  change::EpochStart start_ = continuing_start(10);
};

TEST_F(AStatementsBarrier, StaysUntilTheSameIsSaidToBeDoneHere) {
  stands();
  EXPECT_EQ(outcome<WaitsAtBarrier>().row.state, store::PartitionState::kWaitingForStatement);
  EXPECT_EQ(target_.progress().at("state"), "waiting-for-statement");
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("`TRUNCATE notes`"));
  EXPECT_THAT(writes_, ElementsAre(StartsWith(kProgress), StartsWith("INSERT INTO farshore.statement"), "COMMIT", _))
      << "the marker is first";
  EXPECT_EQ(target_.statement()->at("table_names"), "shop.notes");
  tick();
  EXPECT_THAT(writes_, Not(Contains(StartsWith("INSERT")))) << "it is said once";
  target_.decide_statement("done");
  ASSERT_TRUE(entered());
  EXPECT_FALSE(was_written("INSERT INTO farshore.equality"));
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("DELETE FROM farshore.parked_first"), HasSubstr("epoch<4"),
                                      HasSubstr("IN ('shop.notes')"))))
      << "no row is as before what was held back";
}

TEST_F(AStatementsBarrier, ThatIsPassedOverLeavesItsTablesNotYetEqual) {
  stands();
  target_.decide_statement("skipped");
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.equality"),
                                      HasSubstr("'west','main','shop.notes','not-yet-equal',4,88,"))));
}

TEST_F(AStatementsBarrier, ThatWasDecidedWhenAnotherEpochToldOfItIsPassed) {
  target_.decided_before("0-1-5");
  other_arrives();
  arrive(start_);
  ASSERT_TRUE(entered());
  EXPECT_FALSE(was_written("INSERT INTO farshore.statement"));
  EXPECT_FALSE(was_written("DELETE FROM farshore.parked_first")) << "what came behind it is held back by right";
}

TEST_F(AStatementsBarrier, IsKnownAgainAfterARestart) {
  stands();
  start();
  load();
  arrive(start_);
  ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  target_.decide_statement("done");
  ASSERT_TRUE(entered());
}

class AnAddedColumnsBarrier : public ABarrier {
 protected:
  void pass(const std::string& column, ColumnConstant constant, const std::string& table = "shop.notes") {
    change::EpochStart start = continuing_start(10);
    start.statement =
        change::RowlessStatement{.text = "ALTER TABLE notes ADD ...",
                                 .tables = {table},
                                 .gtid = "0-1-5"_gtid,
                                 .added_columns = {{.name = column, .constant = std::move(constant), .type = {}}}};
    other_arrives();
    arrive(start);
    ASSERT_TRUE(entered());
    EXPECT_THAT(writes_[0], StartsWith(kProgress)) << "the marker is first";
    EXPECT_FALSE(was_written("INSERT INTO farshore.statement")) << "nobody has to do anything";
    EXPECT_FALSE(was_written("DELETE FROM farshore.parked_first"));
  }
  static ColumnConstant text(std::string text) {
    return {.kind = ColumnConstant::Kind::kText, .text = std::move(text)};
  }
};

TEST_F(AnAddedColumnsBarrier, IsPassedWithoutAWordWhereTheColumnHasTheSameHere) {
  pass("note", {});
  EXPECT_FALSE(was_written("INSERT INTO farshore.equality"));
  EXPECT_FALSE(was_written("INSERT INTO farshore.added_column"));
}

TEST_F(AnAddedColumnsBarrier, LeavesTheTableNotYetEqualWhereTheColumnHasAnotherConstantHere) {
  pass("NOTE", text("x"));
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.equality"),
                                      HasSubstr("'west','main','shop.notes','not-yet-equal',4,88,"),
                                      HasSubstr("column note was added with \\'x\\' for all rows at the origin, and "
                                                "has the default NULL here"))));
  EXPECT_FALSE(was_written("INSERT INTO farshore.added_column"));
}

TEST_F(AnAddedColumnsBarrier, AwaitsAColumnThatIsNotHereYet) {
  pass("late", text("x"));
  EXPECT_FALSE(was_written("INSERT INTO farshore.equality"));
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.added_column"),
                                      HasSubstr("'west','main','shop','notes','late',4,88,'text',_binary'x'"))));
}

TEST_F(AnAddedColumnsBarrier, SaysNothingOfATableThatIsNotHere) {
  pass("late", text("x"), "shop.gone");
  EXPECT_FALSE(was_written("INSERT INTO farshore.equality"));
  EXPECT_FALSE(was_written("INSERT INTO farshore.added_column"));
}

TEST_F(ABarrier, ToTablesThatWereMissedLeavesThemNotYetEqual) {
  change::EpochStart start = continuing_start(10);
  start.missed_tables = {"shop.late"};
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_, Contains(HasSubstr("'shop.late','not-yet-equal',4,88,")));
}

TEST_F(ABarrier, EnteringItIsATransactionThatShowsAsMarker) {
  other_arrives();
  arrive(continuing_start(10));
  ASSERT_TRUE(entered());
  ASSERT_GE(writes_.size(), 2U);
  EXPECT_THAT(writes_[0], StartsWith(kProgress));
  EXPECT_EQ(writes_[1], "COMMIT");
}

}  // namespace
}  // namespace farshore::apply
