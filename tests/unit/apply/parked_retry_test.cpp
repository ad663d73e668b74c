#include "apply/parked_retry.hpp"

#include "parked_changes.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST_F(ParkedChanges, AreTriedAgainAndAppliedWhenTheyFindRoom) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  tick();
  EXPECT_EQ(target_.parked(), 1U);
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  EXPECT_THAT(writes_[0], StartsWith("UPDATE farshore.progress")) << "every writer takes progress first";
  EXPECT_THAT(data(), ElementsAre(std::string(kInsert) + "(1,'taken')"));
  EXPECT_EQ(writes_.back(), "COMMIT");
  take(topic_.transaction(2).insert(2, "next").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>()) << "the progress is the writer's own still";
}

TEST_F(ParkedChanges, AreTriedEverLaterWhateverElseIsWritten) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  const auto until = clock_.now() + std::chrono::milliseconds(1'500);
  int tried = 0;
  for (std::int64_t id = 2; clock_.now() < until; ++id) {
    clock_.pass(std::chrono::milliseconds(9));
    take(topic_.transaction(2).insert(id, "free").update(id, "free", "still free").end().send());
    write();
    ASSERT_TRUE(has_outcome<Applied>());
    tick();
    tried += std::ranges::any_of(data(), [](const std::string& one) { return one.contains("'taken'"); }) ? 1 : 0;
    for (const std::string& statement : writes_) {
      EXPECT_THAT(statement, ::testing::Not(StartsWith("INSERT INTO farshore.parked (")))
          << "a failed try never writes the change again";
    }
  }
  EXPECT_EQ(tried, 4) << "after 100, 200, 400 and 800 ms";
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
}

TEST_F(ParkedChanges, WhoseTryFailsLeaveNothingToCommit) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  tick();
  ASSERT_TRUE(eventually([&] { return !data().empty(); }));
  EXPECT_THAT(writes_[0], StartsWith("UPDATE farshore.progress"));
  EXPECT_EQ(writes_.back(), "ROLLBACK") << "so no binlog grows by it";
}

TEST_F(ParkedChanges, ThatWaitForAValueAreTriedWhenAChangeSetsItFree) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  int tried = 0;
  while (tried < 4) {  // the next would come after 800 ms
    tick();
    tried += data().empty() ? 0 : 1;
  }
  free_notes();
  take(topic_.transaction(2).erase(7, "taken").end().send());
  write();
  const auto before = clock_.now();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  EXPECT_LT(clock_.now() - before, std::chrono::milliseconds(500));
}

TEST_F(ParkedChanges, ThatFindTheTargetReadOnlySaySoUntilItTakesWritesAgain) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  target_.on_data([](const std::string&) { return fails(1290, "running with the --super-read-only option"); });
  ASSERT_TRUE(eventually([&] { return writer_->fault().contains("takes no writes now: 1290"); }));
  target_.on_data([](const std::string&) { return std::nullopt; });
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(ParkedChanges, WhoseTableIsGoneDoNotHoldUpTheirPartition) {
  take_note("taken");
  target_.add_table("others");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  target_.drop_table("notes");
  restart();
  ASSERT_TRUE(eventually([&] { return target_.reasons_of_parked()[0] == "table shop.notes does not exist here"; }));
  EXPECT_FALSE(has_outcome<Suspended>());
  take(topic_.table(notes_shape("others")).transaction(2).insert(1, "x").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.progress().at("state"), "applying");
  EXPECT_EQ(target_.progress().at("seq"), "2");
  EXPECT_EQ(target_.parked(), 1U);
  target_.add_table("notes", FakeTarget::Shape::kUnique);
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; })) << "the table is back";
}

TEST_F(ParkedChanges, WhoseTableIsGoneDoNotKeepOthersFromBeingTried) {
  take_note("taken");
  target_.add_table("others", FakeTarget::Shape::kUnique);
  topic_.transaction(1).insert(1, "taken").table(notes_shape("others")).insert(1, "taken").end();
  take(topic_.send());
  write();
  EXPECT_EQ(target_.parked(), 2U);
  target_.drop_table("notes");
  restart();
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 1; }));
  EXPECT_THAT(target_.reasons_of_parked(), ElementsAre("table shop.notes does not exist here"));
}

TEST_F(ParkedChanges, ThatCannotBeTriedAgainSaySoOnceAndLeaveThePartitionGood) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  target_.drop_table("notes");
  target_.deny("INSERT INTO farshore.parked_try");
  restart();
  ASSERT_TRUE(eventually([&] { return !notices_.empty(); }));
  for (int i = 0; i < 3; ++i) {
    take(Topic().watermark(6 + static_cast<std::uint64_t>(i), 1));
    write();
    EXPECT_TRUE(has_outcome<Applied>());
    tick();
  }
  EXPECT_THAT(notices_, ElementsAre("west/main/2: what is parked cannot be tried again: 1142 command denied to user"));
}

TEST_F(ParkedChanges, HoldUpEveryNewEpochAndAreTriedMeanwhile) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  change::EpochStart start = continuing_start(1);
  start.continued.erase(start.continued.begin());  // this partition is the only one
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)), Intake::Step::kBarrier);
  write();
  ASSERT_TRUE(eventually([&] { return target_.progress().at("reason").contains("1 changes are (1 of shop.notes)"); }));
  EXPECT_EQ(target_.progress().at("state"), "at-barrier");
  EXPECT_EQ(target_.progress().at("epoch"), "3");
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.progress().at("epoch") == "4"; }));
  EXPECT_EQ(target_.parked(), 0U);
}

TEST_F(ParkedChanges, OfTheNewEpochDoNotHoldUpAPartitionThatEntersItLater) {
  change::EpochStart start = continuing_start(0);
  start.numbering_changed = true;
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)), Intake::Step::kBarrier);
  write();
  ProgressRow faster = applied_up_to(0, 0, kNextEpoch);
  faster.key.partition = PartitionId(0);
  stored(faster);
  load(0);
  take_note("taken");
  take(Topic(kNextEpoch, 1, faster.key).transaction(1).insert(1, "taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  ASSERT_TRUE(eventually([&] { return target_.progress(2).at("epoch") == "4"; }))
      << "behind its barrier may be what the parked change waits for";
  EXPECT_EQ(target_.parked(), 1U);
}

}  // namespace
}  // namespace farshore::apply
