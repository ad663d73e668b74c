#include "apply/mismatch.hpp"

#include <gmock/gmock.h>

#include "targets.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// One change of shop.notes, read back from a record, or two that were merged.
class Expectation : public ::testing::Test {
 protected:
  RowsExpected of(Topic& topic) {
    const auto record = topic.send();
    change::TableCache tables;
    change::Batch batch;
    EXPECT_TRUE(change::read_batch(record->header, record->value, tables, batch));
    const auto changes = batch.changes();
    const RowOp op{.change = &changes.back(),
                   .first = changes.size() > 1 ? &changes.front() : nullptr,
                   .batch = &batch,
                   .target = nullptr,
                   .slice = 0};
    std::vector<Value> scratch;
    const RowsExpected expected = rows_expected(op, scratch);
    EXPECT_EQ(expected.least, expected.most);
    return expected;
  }
  Topic topic_ = [] {
    Topic topic;
    topic.transaction(1);
    return topic;
  }();
};

TEST_F(Expectation, AnInsertFindsNothing) { EXPECT_EQ(of(topic_.insert(1, "a")).most, 1U); }
TEST_F(Expectation, AnUpdateChangesARow) { EXPECT_EQ(of(topic_.update(1, "a", "b")).least, 2U); }
TEST_F(Expectation, ADeleteFindsARow) { EXPECT_EQ(of(topic_.erase(1, "a")).least, 1U); }
TEST_F(Expectation, AnInsertAndItsUpdateFindNothing) {
  EXPECT_EQ(of(topic_.insert(1, "a").update(1, "a", "b")).most, 1U);
}
TEST_F(Expectation, AnInsertAndItsDeleteFindNothing) { EXPECT_EQ(of(topic_.insert(1, "a").erase(1, "a")).most, 0U); }
TEST_F(Expectation, ADeleteAndAnotherInsertChangeARow) { EXPECT_EQ(of(topic_.erase(1, "a").insert(1, "b")).least, 2U); }
TEST_F(Expectation, ADeleteAndTheSameInsertChangeNothing) {
  EXPECT_EQ(of(topic_.erase(1, "a").insert(1, "a")).most, 1U);
}
TEST_F(Expectation, AnUpdateThereAndBackChangesNothing) {
  EXPECT_EQ(of(topic_.update(1, "a", "b").update(1, "b", "a")).most, 1U);
}
TEST_F(Expectation, TwoUpdatesChangeARow) { EXPECT_EQ(of(topic_.update(1, "a", "b").update(1, "b", "c")).least, 2U); }

/// One transaction, which is applied.
class Applying : public Writing {
 protected:
  void applied(Topic& topic) {
    take(topic.end().send());
    write();
    ASSERT_TRUE(has_outcome<Applied>());
  }
};

/// Before a fake target that says how many rows a statement touched, and what stands there.
class Looking : public Applying {
 protected:
  void answers(std::uint64_t rows_of_statement, std::vector<std::string> compared, const std::string& image = "") {
    start({}, change::LookAt::kSample);
    target_.on_data([=, this, asked = std::size_t{0}](const std::string& statement) mutable -> std::optional<Reply> {
      if (statement.starts_with("SELECT JSON_OBJECT")) return image.empty() ? rows({"i"}, {}) : rows({"i"}, {{image}});
      if (!statement.starts_with("SELECT")) return ok(rows_of_statement);
      const std::string& said = compared[std::min(asked++, compared.size() - 1)];
      return said.empty() ? rows({"c"}, {}) : rows({"c"}, {{said}});
    });
    stored_and_loaded(applied_up_to(0));
  }
};

TEST_F(Looking, AnInsertThatFindsAnotherRowIsCountedWithBothImages) {
  answers(2, {"0"}, R"({"id": 1, "note": "own"})");
  Topic topic;
  applied(topic.transaction(1).insert(1, "a"));
  EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("INSERT INTO farshore.mismatch "), HasSubstr("'insert-exists',1"))));
  EXPECT_THAT(writes_, Contains(AllOf(HasSubstr("farshore.mismatch_example"), HasSubstr("own"))));
  EXPECT_THAT(notices_, Contains(HasSubstr("INSERTs that found another row here: 1")));
}

TEST_F(Looking, AnInsertThatFindsItsRowAsItLeavesItIsCounted) {
  answers(2, {"1"});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'already-as-after',1")));
}

TEST_F(Looking, ARowThatAnInsertAndItsDeleteWouldTakeAwayIsCounted) {
  answers(1, {"0"});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a").erase(1, "a"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'insert-exists',1")));
}

TEST_F(Looking, AnUpdateThatFindsNoRowIsCounted) {
  answers(1, {""});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'update-missing',1")));
}

TEST_F(Looking, AnUpdateThatFindsItsRowAsItLeavesItIsCounted) {
  answers(1, {"0", "1", "0", "0", "1"});  // by sample, and when the number tells
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'already-as-after',1")));
}

TEST_F(Looking, ARowThatIsNeitherAsBeforeNorAsAfterIsCountedBySample) {
  answers(2, {"0", "0"}, R"({"id": 1, "note": "own"})");
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',1")));
}

TEST_F(Looking, ADeleteThatFindsNoRowIsCounted) {
  answers(0, {""});
  Topic topic;
  applied(topic.transaction(1).erase(1, "a"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'delete-missing',1")));
  EXPECT_THAT(writes_, Contains(HasSubstr("INSERT INTO farshore.equality")));
}

TEST_F(Looking, TheTableIsNamedWhoseLockKeepsItFromBeingNoted) {
  answers(0, {""});
  for (const std::string table : {"mismatch", "equality"}) {
    target_.lock_out("INSERT INTO farshore." + table + " ", 3);
    Topic topic;
    applied(topic.transaction(1).erase(1, "a"));
    EXPECT_THAT(writes_, Contains(HasSubstr("table farshore." + table + ": a row lock is waited for")));
    stored_and_loaded(applied_up_to(0));
  }
}

/// Looking at all: a statement's rows by one query, whose answer a test says.
class LookingAtAll : public Applying {
 protected:
  using Shown = std::vector<std::vector<std::optional<std::string>>>;
  /// `shown`: of the query for many; `compared`: 1, 0 or nothing, of the queries for one.
  void answers(std::uint64_t rows_of_statement, const Shown& shown, std::vector<std::string> compared = {}) {
    start({}, change::LookAt::kAll);
    target_.on_data([=, this, asked = std::size_t{0}](const std::string& statement) mutable -> std::optional<Reply> {
      if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {});
      if (statement.starts_with("SELECT `id`")) {
        looks_.push_back(statement);
        return rows({"id", "note"}, shown);
      }
      if (!statement.starts_with("SELECT")) return ok(rows_of_statement);
      ++alone_;
      const std::string& said = compared.at(asked++);
      return said.empty() ? rows({"c"}, {}) : rows({"c"}, {{said}});
    });
    stored_and_loaded(applied_up_to(0));
  }
  std::vector<std::string> looks_;
  int alone_ = 0;
};

TEST_F(LookingAtAll, RowsAsBeforeAreSeenByOneQuery) {
  answers(5, {{{"1", "a"}}, {{"2", "c"}}});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b").update(2, "c", "d").insert(3, "e"));
  EXPECT_THAT(looks_, ElementsAre("SELECT `id`,`note` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` "
                                  "IN (1,2,3) FOR UPDATE"));
  EXPECT_EQ(alone_, 0);
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(LookingAtAll, ARowThatIsNeitherIsComparedByTheServer) {
  answers(4, {{{"1", "a"}}, {{"2", "other"}}}, {"0", "0"});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b").update(2, "c", "d"));
  EXPECT_EQ(alone_, 2);
  EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',1")));
}

TEST_F(LookingAtAll, ARowThatIsNotThereIsCounted) {
  answers(2, {{{"1", "a"}}}, {""});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b").update(2, "c", "d"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'update-missing',1")));
}

TEST_F(LookingAtAll, ARowAsTheChangeLeavesItIsCounted) {
  answers(3, {{{"1", "a"}}, {{"2", "d"}}}, {"0", "1"});
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b").update(2, "c", "d"));
  EXPECT_EQ(alone_, 2);
  EXPECT_THAT(writes_, Contains(HasSubstr("'already-as-after',1")));
}

TEST_F(LookingAtAll, ARowThatAnInsertAndItsDeleteWouldTakeAwayIsCounted) {
  answers(1, {{{"1", "own"}}}, {"0"});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a").erase(1, "a"));
  EXPECT_THAT(writes_, Contains(HasSubstr("'insert-exists',1")));
}

TEST_F(LookingAtAll, ChangesOfAKeyInTwoShapesAreNotMerged) {
  target_.add_table("notes", FakeTarget::Shape::kWide);
  std::vector<std::string> statements;
  start({}, change::LookAt::kAll);
  target_.on_data([&](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {});
    if (statement.starts_with("SELECT 1")) return rows({"c"}, {{"0"}});  // neither as before nor as after
    if (statement.starts_with("SELECT")) return rows({"id", "note"}, {});
    statements.push_back(statement);
    return ok(2);
  });
  stored_and_loaded(applied_up_to(0));
  TableShape wide = notes_shape("notes");
  wide.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
  const std::vector<Value> before{Value::of_int(1), Value::of_bytes("b"), Value::of_bytes("")};
  const std::vector<Value> after{Value::of_int(1), Value::of_bytes("a"), Value::of_bytes("")};
  Topic topic;
  topic.transaction(1).update(1, "a", "b").table(wide).transaction(2).change(change::Op::kUpdate, before, after);
  applied(topic);
  EXPECT_EQ(statements.size(), 2U);
  EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',2")));
}

TEST_F(LookingAtAll, ADeleteComparesToo) {
  answers(1, {{{"1", "other"}}}, {"0"});
  Topic topic;
  applied(topic.transaction(1).erase(1, "a"));
  EXPECT_THAT(looks_, ElementsAre(HasSubstr("WHERE `id` IN (1) FOR UPDATE")));
  EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',1")));
}

TEST_F(LookingAtAll, KeysThatTheServerCannotCompareInOneListAreComparedAlone) {
  start({}, change::LookAt::kAll);
  target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("SELECT `id`")) return fails(1271, "Illegal mix of collations for operation ' IN '");
    if (!statement.starts_with("SELECT")) return ok(4);
    return ++alone_ == 1 ? rows({"c"}, {{"1"}}) : fails(1267, "Illegal mix of collations");
  });
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  applied(topic.transaction(1).update(1, "a", "b").update(2, "c", "d"));
  EXPECT_EQ(alone_, 2);
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(LookingAtAll, AnInsertThatMeetsARowAfterTheLookIsCountedByTheNumber) {
  answers(2, {});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a"));
  EXPECT_EQ(alone_, 0);
  EXPECT_THAT(writes_, Contains(HasSubstr("'insert-exists',1")));
}

TEST_F(LookingAtAll, SoItIsBesideARowThatTheServerHadToCompare) {
  answers(4, {{{"2", "in another form"}}}, {"1"});
  Topic topic;
  applied(topic.transaction(1).insert(1, "a").update(2, "c", "d"));
  EXPECT_EQ(alone_, 1);
  EXPECT_THAT(writes_, Contains(HasSubstr("'insert-exists',1")));
}

TEST_F(LookingAtAll, ARowThatTheServerHeldEqualAndWroteAnewIsAsExpected) {
  answers(1, {{{"2", "in another form"}}}, {"1"});
  Topic topic;
  applied(topic.transaction(1).update(2, "c", "d"));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(LookingAtAll, OfSeveralChangesOfAKeyTheFirstIsLookedAt) {
  target_.add_table("notes", FakeTarget::Shape::kUnique);
  answers(6, {{{"1", "a"}}, {{"2", "x"}}});
  Topic topic;
  // A value goes from row to row: nothing is merged.
  applied(topic.transaction(1).update(1, "a", "b").update(1, "b", "c").update(2, "x", "b"));
  EXPECT_THAT(looks_, ElementsAre(HasSubstr("IN (1,2) FOR UPDATE")));
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

/// Row 1 as the target has it, and a partition of another origin, in whose changes it comes too.
class LookingAtTwoOrigins : public Applying {
 protected:
  void begin(FakeTarget::Shape shape) {
    target_.add_table("notes", shape);
    start({}, change::LookAt::kAll);
    target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
      if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {});
      if (statement.starts_with("SELECT `id`")) return rows({"id", "note"}, {{"1", note_}});
      if (statement.starts_with("SELECT")) return rows({"c"}, {{statement.contains(quoted()) ? "1" : "0"}});
      const auto last = statement.rfind("(1,'");
      if (last != std::string::npos) note_ = statement.substr(last + 4, statement.find('\'', last + 4) - last - 4);
      return ok(2);
    });
    stored_and_loaded(applied_up_to(0));
    ProgressRow row = applied_up_to(0);
    row.key.partition = PartitionId(5);
    other_intake_ = load_another(row);
    topic_.emplace();
    other_topic_.emplace(kEpoch, 1, row.key);
    note_ = "0";
    transactions_ = 0;
    (void)target_.take_writes();
  }
  [[nodiscard]] std::string quoted() const { return "'" + note_ + "'"; }
  void one(std::string_view from, std::string_view to) {
    take(topic_->transaction(++transactions_).update(1, from, to).end().send());
  }
  void other(std::string_view from, std::string_view to) {
    const auto record = other_topic_->transaction(++transactions_).update(1, from, to).end().send();
    (void)other_intake_->take(record, tables_, set_);
  }
  std::string note_;
  std::optional<Topic> topic_;
  std::unique_ptr<PartitionIntake> other_intake_;
  std::optional<Topic> other_topic_;
  std::uint64_t transactions_ = 0;
};

constexpr auto kShapes = {FakeTarget::Shape::kPlain, FakeTarget::Shape::kUnique};

TEST_F(LookingAtTwoOrigins, ChangesOfAKeyInTheirOrderAreAsExpected) {
  for (const auto shape : kShapes) {
    begin(shape);
    one("0", "1");
    other("1", "2");
    one("2", "3");
    write();
    EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
    EXPECT_EQ(note_, "3");
  }
}

TEST_F(LookingAtTwoOrigins, ChangesOfAKeyOutOfTheirOrderAreCounted) {
  for (const auto shape : kShapes) {
    begin(shape);
    one("0", "1");
    one("2", "3");
    other("1", "2");
    write();
    EXPECT_THAT(writes_, Contains(HasSubstr("'before-differs',1")));
    EXPECT_THAT(writes_, Contains(HasSubstr("INSERT INTO farshore.equality")));
  }
}

TEST_F(LookingAtTwoOrigins, SoAreThoseOfARowThatComesBackToWhatItWas) {
  for (const auto shape : kShapes) {
    begin(shape);
    one("0", "1");
    one("0", "1");  // the other's is between them
    other("1", "0");
    write();
    EXPECT_THAT(writes_, Contains(HasSubstr("'already-as-after',1")));
  }
}

TEST_F(LookingAtAll, AChangeInAnotherShapeIsLookedAtWhenItsTurnComes) {
  target_.add_table("notes", FakeTarget::Shape::kWide);
  bool is_there = false;
  start({}, change::LookAt::kAll);
  target_.on_data([&](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) is_there = true;
    if (statement.starts_with("SELECT 1")) return is_there ? rows({"c"}, {{"1"}}) : rows({"c"}, {});
    if (!statement.starts_with("SELECT")) return ok(1);
    return rows({"id", "note"}, {});
  });
  stored_and_loaded(applied_up_to(0));
  TableShape wide = notes_shape("notes");
  wide.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
  const std::vector<Value> before{Value::of_int(1), Value::of_bytes("a"), Value::of_bytes("")};
  const std::vector<Value> after{Value::of_int(1), Value::of_bytes("a"), Value::of_bytes("c")};
  Topic topic;
  topic.transaction(1).insert(1, "a").table(wide).transaction(2).change(change::Op::kUpdate, before, after);
  applied(topic);
  EXPECT_THAT(writes_, Not(Contains(HasSubstr("farshore.mismatch"))));
}

TEST_F(LookingAtAll, AnInsertThatMeetsARowWhoseKeyOnlyTheCollationHoldsEqualIsCounted) {
  target_.add_table("names", FakeTarget::Shape::kTextKey);
  start({}, change::LookAt::kAll);
  target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {});
    if (statement.starts_with("SELECT 1")) return rows({"c"}, {{"0"}});
    if (!statement.starts_with("SELECT")) return ok(2);
    looks_.push_back(statement);
    return rows({"id", "note"}, {{"1", "ANNA"}});
  });
  stored_and_loaded(applied_up_to(0));
  TableShape names = notes_shape("names");
  names.key = {1};
  Topic topic;
  applied(topic.table(names).transaction(1).insert(2, "anna"));
  EXPECT_THAT(looks_, ElementsAre(HasSubstr("WHERE (`note`='anna') FOR UPDATE")));
  EXPECT_THAT(writes_, Contains(HasSubstr("'insert-exists',1")));
}

}  // namespace
}  // namespace farshore::apply
