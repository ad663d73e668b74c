#include "apply/parking.hpp"

#include "parked_changes.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(ParkedChanges, AChangeThatTheTargetRefusesIsKeptAndThePartitionGoesOn) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").insert(2, "free").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.parked, 1U);
  EXPECT_EQ(outcome<Applied>().counts.written, 1U);
  EXPECT_EQ(target_.progress().at("seq"), "2");
  EXPECT_EQ(target_.parked(), 1U);
  EXPECT_EQ(writer_->parked(partition_key()), 1U);
}

TEST_F(ParkedChanges, NobodyElsesRowIsOverwritten) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").update(2, "x", "taken").end().send());
  write();
  for (const std::string& statement : data()) {
    if (!statement.contains("ON DUPLICATE")) continue;
    EXPECT_THAT(statement, HasSubstr("`id`=IF(`id`<=>VALUES(`id`),VALUES(`id`),(SELECT 1 UNION SELECT 2))"))
        << "it fails on another row";
  }
  EXPECT_EQ(target_.parked(), 2U);
}

TEST_F(ParkedChanges, ARowThatSharesTheBeginningOfAnothersKeyIsOneOfThem) {
  // As where the primary key covers a prefix: the insert finds the key taken, and the update by the whole key no row.
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1062, "Duplicate entry '1' for key 'notes.PRIMARY'");
    return ok(0);
  });
  take(topic_.transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.parked, 1U) << "and not lost";
}

TEST_F(ParkedChanges, ALaterChangeOfTheKeyReplacesWhatIsParked) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  take(topic_.transaction(2).update(1, "taken", "free").end().send());
  write();
  EXPECT_EQ(target_.parked(), 0U);
  EXPECT_EQ(writer_->parked(partition_key()), 0U);
  EXPECT_THAT(data(), ElementsAre(std::string(kUpdate) + "`id`=1,`note`='free' WHERE `id`=1",
                                  std::string(kInsert) + "(1,'free')"));
}

TEST_F(ParkedChanges, ALaterChangeInTheSameWorkSetReplacesWhatIsParkedToo) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  take(topic_.transaction(2).erase(1, "taken").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.parked(), 0U) << "else the deleted row would come back";
  EXPECT_EQ(writer_->parked(partition_key()), 0U);
}

TEST_F(ParkedChanges, ALaterChangeKeepsItsPlaceAmongOthersOfItsKind) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  take(topic_.transaction(2).erase(2, "x").erase(1, "taken").erase(3, "y").end().send());
  write();
  const std::string head = "DELETE `shop`.`notes` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN ";
  EXPECT_THAT(data(), ElementsAre(head + "(2)", "DELETE FROM `shop`.`notes` WHERE `id`=1", head + "(3)"));
  EXPECT_EQ(target_.parked(), 0U);
}

TEST_F(ParkedChanges, ALaterChangeThatIsRefusedTooTakesThePlaceOfTheFirst) {
  take_note("taken");
  take_note("also taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  take(topic_.transaction(2).update(1, "taken", "also taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  free_notes();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  ASSERT_THAT(data(), SizeIs(2));
  EXPECT_EQ(data()[1], std::string(kInsert) + "(1,'also taken')");
}

TEST_F(ParkedChanges, OfAnOldShapeAreReplacedByALaterChangeOfTheNewOne) {
  target_.add_table("notes", FakeTarget::Shape::kWide);
  restart();
  take_note("taken");
  TableShape wide = notes_shape("notes");
  wide.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
  topic_.table(wide).transaction(1);
  topic_.change(change::Op::kInsert, {}, {Value::of_int(1), Value::of_bytes("taken"), Value::of_bytes("c")});
  take(topic_.end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  target_.add_table("notes", FakeTarget::Shape::kUnique);  // its column c is dropped
  restart();
  ASSERT_TRUE(eventually([&] { return target_.reasons_of_parked()[0].contains("column c"); }));
  take(topic_.table(notes_shape("notes")).transaction(2).update(1, "taken", "free").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.parked(), 0U);
}

TEST_F(ParkedChanges, AreFoundByTheirKeyWhateverTheTargetHoldsEqualByNow) {
  target_.add_table("notes", FakeTarget::Shape::kBinaryKey);
  restart();
  TableShape shape = notes_shape("notes");
  shape.key = {1};
  const auto refused = [](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(3819, "Check constraint 'small' is violated.");
    return std::nullopt;
  };
  target_.on_data(refused);
  take(topic_.table(shape).transaction(1).insert(1, "a ").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  target_.add_table("notes", FakeTarget::Shape::kTextKey);  // the target's collation is another now
  start();
  load();
  take(topic_.transaction(2).erase(1, "a ").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.parked(), 0U) << "else the deleted row would come back";
}

TEST_F(ParkedChanges, AreKnownAgainAfterARestart) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  restart();
  EXPECT_EQ(writer_->parked(partition_key()), 1U);
  take(topic_.transaction(2).erase(1, "taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 0U);
}

TEST_F(ParkedChanges, OfACommitWhoseAnswerWasLostAreKnown) {
  take_note("taken");
  target_.next_commit(FakeTarget::Commit::kLostAfterIt);
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.parked(), 1U);
  EXPECT_EQ(writer_->parked(partition_key()), 1U);
  take(topic_.transaction(2).erase(1, "taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 0U) << "else the older change would be put over the newer one later";
}

TEST_F(ParkedChanges, OfATransactionThatIsRolledBackAreForgotten) {
  take_note("taken");
  target_.next_commit(FakeTarget::Commit::kLostBeforeIt);
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U) << "the second try parked it";
  EXPECT_EQ(writer_->parked(partition_key()), 1U);
}

TEST_F(ParkedChanges, ThatCannotBeKeptStopThePartition) {
  take_note("taken");
  target_.deny("INSERT INTO farshore.parked");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(target_.progress().at("state"), "stopped");
  EXPECT_THAT(target_.progress().at("reason"),
              HasSubstr("table shop.notes: a change cannot be parked: 1142 command denied"));
  target_.deny("");
  load();
  take(Topic().transaction(1).insert(1, "taken").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U) << "it goes on by itself";
}

TEST_F(ParkedChanges, ThatCannotBeTakenAwayStopThePartition) {
  take_note("taken");
  take(topic_.transaction(1).insert(1, "taken").end().send());
  write();
  target_.deny("DELETE FROM farshore.parked");
  take(topic_.transaction(2).erase(1, "taken").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("what is parked cannot be taken away: 1142 command denied"));
}

TEST_F(ParkedChanges, ThatAreAboveThePacketThoughTheirRowIsNotStopThePartition) {
  target_.limit_packets(10'000);
  restart();
  const std::string before(3'000, '\'');  // 6,000 bytes as a literal
  const std::string after = "taken" + before;
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.contains("`shop`")) return fails(1062, "Duplicate entry 'taken' for key 'notes.note'");
    return std::nullopt;
  });
  take(topic_.transaction(1).update(1, before, after).end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(target_.progress().at("reason"),
              ::testing::AllOf(HasSubstr("a change cannot be parked"), HasSubstr("max_allowed_packet is 10000")));
}

TEST_F(ParkedChanges, BeyondTheirBoundThePartitionStops) {
  for (const char* const note : {"a", "b", "c"}) take_note(note);
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").end().send());
  write();
  EXPECT_EQ(target_.parked(), 2U);
  take(topic_.transaction(2).insert(3, "c").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("2 changes are parked, as many as may be"));
  EXPECT_EQ(target_.progress().at("seq"), "2");
}

}  // namespace
}  // namespace farshore::apply
