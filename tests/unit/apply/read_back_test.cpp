#include "apply/read_back.hpp"

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// shop.notes with a column that the target generates. What a test says stands there is what the target made of it.
class ReadingBack : public Writing {
 protected:
  using Shown = std::vector<std::vector<std::optional<std::string>>>;
  ReadingBack() {
    target_.add_table("notes", FakeTarget::Shape::kGenerated);
    shape_.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
  }
  /// `shown`: of the query for many, id and c; `each`: of the one for a row, whether id, note and c are as written.
  void answers(const Shown& shown, const std::vector<std::string>& each = {},
               change::LookAt look_at = change::LookAt::kSample, std::vector<change::TableRule> rules = {}) {
    topic_.emplace();
    start(std::move(rules), look_at);
    target_.on_data([=, this](const std::string& statement) -> std::optional<Reply> {
      if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {{R"({"id": 1, "c": "here"})"}});
      if (statement.starts_with("SELECT 1")) return rows({"c"}, {});
      if (statement.starts_with("SELECT `id`,`note`")) return rows({"id", "note", "c"}, {});
      if (!statement.starts_with("SELECT")) return ok(1);
      looks_.push_back(statement);
      return rows({"id", "c"}, shown);
    });
    target_.on_read_back([=, this](const std::string& statement) -> std::optional<Reply> {
      read_alone_.push_back(statement);
      if (each.empty()) return std::nullopt;
      return rows({"id", "note", "c"}, {{each[0], each[1], each[2]}});
    });
    stored_and_loaded(applied_up_to(0));
  }
  Topic& insert(std::int64_t id, std::string_view note, std::string_view generated) {
    return topic_->change(change::Op::kInsert, {}, row(id, note, generated));
  }
  static std::vector<Value> row(std::int64_t id, std::string_view note, std::string_view generated) {
    return {Value::of_int(id), Value::of_bytes(note), Value::of_bytes(generated)};
  }
  Topic& begin(bool repeats_cascades = false) {
    return topic_->table(shape_, repeats_cascades ? "orders" : "", repeats_cascades).transaction(1);
  }
  void apply() {
    take(topic_->end().send());
    write();
    ASSERT_TRUE(has_outcome<Applied>());
  }
  TableShape shape_ = notes_shape("notes");
  std::optional<Topic> topic_;
  std::vector<std::string> looks_;
  std::vector<std::string> read_alone_;
};

TEST_F(ReadingBack, RowsWhoseGeneratedColumnsAreTheOriginsAreSeenByOneQuery) {
  answers({{{"1", "A"}}, {{"2", "B"}}});
  begin();
  insert(1, "a", "A");
  insert(2, "b", "B");
  apply();
  EXPECT_THAT(looks_, ElementsAre("SELECT `id`,`c` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN (1,2) FOR "
                                  "UPDATE"));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(ReadingBack, AGeneratedColumnThatIsOtherIsToldWithTableAndColumnAndTheWayOut) {
  for (const change::LookAt look_at : {change::LookAt::kSample, change::LookAt::kAll}) {
    answers({{{"1", "B"}}}, {"1", "1", "0"}, look_at);
    begin();
    insert(1, "a", "A");
    apply();
    EXPECT_THAT(writes_, Contains(HasSubstr("'generated-other',1)")));
    EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("farshore.mismatch_example"), HasSubstr("here"))));
    EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("INSERT INTO farshore.equality"), HasSubstr("'shop.notes'"),
                                        HasSubstr("column c is generated here"), HasSubstr("Make it a plain column"),
                                        Not(HasSubstr("two regions write")))));
    EXPECT_THAT(notices_, Contains(HasSubstr("(columns that read back otherwise: c)")));
  }
}

TEST_F(ReadingBack, ARuleMayLeaveTheGateOpen) {
  change::TableRule rule;
  rule.match = "shop.notes";
  rule.on_mismatch = change::OnMismatch::kWarn;
  answers({{{"1", "B"}}}, {"1", "1", "0"}, change::LookAt::kAll, {rule});
  begin();
  insert(1, "a", "A");
  apply();
  EXPECT_THAT(writes_, Contains(HasSubstr("'generated-other',1)")));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.equality"))));
}

TEST_F(ReadingBack, OfSeveralChangesOfAKeyTheLastCounts) {
  answers({{{"1", "B"}}});
  begin();
  insert(1, "a", "A");
  topic_->change(change::Op::kUpdate, row(1, "a", "A"), row(1, "b", "B"));
  apply();
  EXPECT_THAT(looks_, ElementsAre(HasSubstr("IN (1) FOR UPDATE")));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(ReadingBack, SoItIsInATableThatKeepsItsOrder) {
  answers({{{"1", "B"}}});
  topic_->table(shape_, "orders").transaction(1);
  insert(1, "a", "A");
  topic_->change(change::Op::kUpdate, row(1, "a", "A"), row(1, "b", "B"));
  apply();
  EXPECT_THAT(looks_, ElementsAre(HasSubstr("IN (1) FOR UPDATE")));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("'generated-other'"))));
}

TEST_F(ReadingBack, WhatIsDeletedIsNotReadBack) {
  answers({});
  topic_->table(shape_).transaction(1).change(change::Op::kDelete, row(1, "a", "A"), {});
  apply();
  EXPECT_THAT(looks_, ElementsAre());
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("other"))));
}

TEST_F(ReadingBack, ARowThatACascadeMayHaveChangedIsOtherOnlyInWhatIsGenerated) {
  answers({{{"1", "B"}}}, {"1", "0", "0"});
  begin(true);
  insert(1, "a", "A");
  apply();
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
  answers({{{"1", "B"}}}, {"1", "1", "0"});
  begin(true);
  insert(1, "a", "A");
  apply();
  EXPECT_THAT(writes_, Contains(HasSubstr("'generated-other',1)")));
}

TEST_F(ReadingBack, ARowThatIsRefusedIsNotReadBack) {
  answers({});
  target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1048, "Column 'note' cannot be null");
    if (statement.starts_with("SELECT `id`,`c`")) looks_.push_back(statement);
    return std::nullopt;
  });
  begin();
  insert(1, "a", "A");
  apply();
  EXPECT_EQ(target_.parked(), 1U);
  EXPECT_THAT(looks_, ElementsAre());
}

TEST_F(ReadingBack, OfATableWithoutGeneratedColumnsARowASecondIsReadBack) {
  target_.add_table("notes");
  answers({}, {"1", "0", "1"});
  topic_->transaction(1).insert(1, "a").insert(2, "b");
  apply();
  EXPECT_THAT(read_alone_, ElementsAre("SELECT `id`<=>2,CAST(`note` AS BINARY)<=>CAST(CONVERT('b' USING utf8mb4) AS "
                                       "BINARY) FROM `shop`.`notes` WHERE `id`=2 FOR UPDATE"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'written-other',1)")));
  EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("INSERT INTO farshore.equality"),
                                      HasSubstr("column note read back otherwise than apply wrote"))));
  topic_->transaction(2).insert(3, "c");
  take(topic_->end().send());
  write();
  EXPECT_EQ(read_alone_.size(), 1U) << "within the same second";
}

TEST_F(ReadingBack, ARowThatIsNotThereOnceItIsWrittenIsTold) {
  target_.add_table("notes");
  answers({});
  target_.on_read_back([](const std::string&) -> std::optional<Reply> { return rows({"id", "note"}, {}); });
  topic_->transaction(1).insert(1, "a");
  apply();
  EXPECT_THAT(writes_, Contains(HasSubstr("'written-other',1)")));
}

}  // namespace
}  // namespace farshore::apply
