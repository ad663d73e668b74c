#include "apply/row_writer.hpp"

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class AGroupIsWritten : public Writing {
 protected:
  AGroupIsWritten() {
    target_.add_table("lines");
    stored_and_loaded(applied_up_to(0));
  }
  Topic& on(const std::string& table, bool repeats_cascades = false) {
    return topic_.table(notes_shape(table), "orders", repeats_cascades);
  }
  Topic topic_;
};

TEST_F(AGroupIsWritten, InStrictOrderWithoutCoalescing) {
  topic_.transaction(1);
  on("notes").insert(1, "a");
  on("lines").insert(10, "x");
  on("notes").update(1, "a", "b").erase(1, "b");
  on("lines").erase(10, "x");
  take(topic_.end().send());
  write();
  const std::string lines = "INSERT INTO `shop`.`lines` (`id`,`note`) VALUES ";
  EXPECT_THAT(data(),
              ElementsAre(std::string(kUpsert) + "(1,'a')" + kTail, lines + "(10,'x')" + kTail,
                          std::string(kUpsert) + "(1,'b')" + kTail,
                          "DELETE `shop`.`notes` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN (1)",
                          "DELETE `shop`.`lines` FROM `shop`.`lines` FORCE INDEX (PRIMARY) WHERE `id` IN (10)"));
}

TEST_F(AGroupIsWritten, AKeyChangeMovesTheRowSoThatItsChildrenStay) {
  topic_.transaction(1);
  on("notes").change(change::Op::kUpdate, {Value::of_int(1), Value::of_bytes("a")},
                     {Value::of_int(2), Value::of_bytes("a")});
  take(topic_.end().send());
  write();
  EXPECT_THAT(data(), ElementsAre("UPDATE `shop`.`notes` SET `id`=2,`note`='a' WHERE `id`=1"));
}

TEST_F(AGroupIsWritten, AKeyChangeOfARowThatIsNotThereWritesTheNewOne) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("UPDATE")) return ok(0);
    return std::nullopt;
  });
  topic_.transaction(1);
  on("notes").change(change::Op::kUpdate, {Value::of_int(1), Value::of_bytes("a")},
                     {Value::of_int(2), Value::of_bytes("a")});
  take(topic_.end().send());
  write();
  EXPECT_THAT(data(), ElementsAre("UPDATE `shop`.`notes` SET `id`=2,`note`='a' WHERE `id`=1",
                                  "UPDATE `shop`.`notes` SET `id`=2,`note`='a' WHERE `id`=2",
                                  std::string(kUpsert) + "(2,'a')"));
}

TEST_F(AGroupIsWritten, WhereCascadesAreRepeatedForeignKeysAreCheckedAndOnlyThere) {
  topic_.transaction(1);
  on("notes", true).insert(1, "a");
  on("lines", false).insert(10, "x");
  take(topic_.end().send());
  write();
  ASSERT_THAT(writes_, SizeIs(6));
  EXPECT_EQ(writes_[1], "SET foreign_key_checks=1");
  EXPECT_THAT(writes_[2], HasSubstr("`notes`"));
  EXPECT_EQ(writes_[3], "SET foreign_key_checks=0");
  EXPECT_THAT(writes_[4], HasSubstr("`lines`"));
}

TEST_F(AGroupIsWritten, AChangeThatCascadedNothingIsWrittenWithoutForeignKeyChecks) {
  topic_.transaction(1);
  on("notes", true).insert(1, "a");
  topic_.without_cascades().erase(2, "b");
  take(topic_.end().send());
  write();
  ASSERT_THAT(writes_, SizeIs(Ge(5)));
  EXPECT_EQ(writes_[1], "SET foreign_key_checks=1");
  EXPECT_EQ(writes_[3], "SET foreign_key_checks=0");
  EXPECT_THAT(writes_[4], StartsWith("DELETE"));
}

TEST_F(AGroupIsWritten, WhatWentByKeysThatAreOthersByNowIsTakenBack) {
  topic_.transaction(1);
  on("notes", true).insert(1, "a");
  take(topic_.end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("DELETE")) target_.add_children();
    return std::nullopt;
  });
  topic_.transaction(2);
  on("notes", true).erase(1, "a");
  take(topic_.end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(data(),
              ElementsAre(StartsWith("DELETE"), "SELECT 1 FROM `shop`.`children` LIMIT 0", StartsWith("DELETE")))
      << "once more, by the keys as they are, which are held";
  EXPECT_EQ(std::ranges::count(writes_, "ROLLBACK"), 1);
}

TEST_F(AGroupIsWritten, TheChildrenAreHeldOfWhatIsChangedAndOfNothingElse) {
  target_.add_children();  // of notes
  topic_.transaction(1);
  on("notes", true).insert(1, "a");
  on("lines", true).insert(10, "x");
  take(topic_.end().send());
  write();
  (void)data();
  topic_.transaction(2);
  on("lines", true).erase(10, "x");
  take(topic_.end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(StartsWith("DELETE"))) << "whoever has locked the other's children is not waited for";
  topic_.transaction(3);
  on("notes", true).erase(1, "a");
  take(topic_.end().send());
  write();
  EXPECT_THAT(data(), ElementsAre("SELECT 1 FROM `shop`.`children` LIMIT 0", StartsWith("DELETE")));
}

TEST_F(AGroupIsWritten, AKeyChangeThatIsRefusedStopsThePartitionAndIsNotParked) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("UPDATE")) return fails(1062, "Duplicate entry 'a' for key 'note'");
    return std::nullopt;
  });
  topic_.transaction(1);
  on("notes").change(change::Op::kUpdate, {Value::of_int(1), Value::of_bytes("a")},
                     {Value::of_int(2), Value::of_bytes("a")});
  take(topic_.end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("order group orders"));
  EXPECT_EQ(target_.parked(), 0U);
  EXPECT_EQ(target_.progress().at("seq"), "0");
}

TEST_F(AGroupIsWritten, WholeOrNotAtAllAndOtherPartitionsGoOn) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.contains("(2,")) return fails(3819, "Check constraint 'positive' is violated.");
    return std::nullopt;
  });
  topic_.transaction(1);
  on("notes").insert(1, "half").insert(2, "refused").insert(3, "half");
  take(topic_.end().send());
  ProgressRow other = applied_up_to(0);
  other.key.partition = PartitionId(4);
  stored(other);
  std::vector<Outcome> loaded;
  writer_->load(std::vector<LoadRequest>{{.key = other.key, .topic_id = "topic"}}, loaded, never_);
  ASSERT_EQ(loaded.size(), 1U);
  PartitionIntake intake(std::get<Loaded>(loaded[0]).row, WholeTransaction{});
  (void)intake.take(Topic(kEpoch, 1, other.key).table(notes_shape("lines")).transaction(1).insert(9, "x").end().send(),
                    tables_, set_);
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.progress(4).at("seq"), "1");
  EXPECT_EQ(target_.progress().at("seq"), "0");
  EXPECT_EQ(target_.parked(), 0U);
  EXPECT_THAT(target_.progress().at("reason"),
              ::testing::AllOf(HasSubstr("shop.notes"), HasSubstr("'positive'"), HasSubstr("nothing of transaction")));
  target_.on_data([](const std::string&) { return std::nullopt; });
  load();
  Topic again;
  again.transaction(1);
  again.table(notes_shape("notes"), "orders").insert(1, "half").insert(2, "refused").insert(3, "half");
  take(again.end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>()) << "it goes on once the target takes the row";
  EXPECT_EQ(target_.progress().at("seq"), "3");
}

}  // namespace
}  // namespace farshore::apply
