#include "apply/table_fit.hpp"

#include <gmock/gmock.h>

#include "targets.hpp"
#include "unit/table_literal.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AFit : public ::testing::Test {
 protected:
  [[nodiscard]] TableFit fit() const {
    return judge({.shape = shape_, .kind = ServerKind::kMariadb, .repeats_cascades = repeats_cascades_, .ties = ties_},
                 {.table = target_, .keys = keys_, .null_becomes_now = null_becomes_now_, .account = "farshore_apply"});
  }
  TableShape shape_ = notes_shape("notes");
  mysql::TableSchema target_ = notes_target();
  static mysql::ForeignKey key(const std::string& child, const std::string& parent) {
    return {.name = child + "_" + parent,
            .schema = "shop",
            .table = child,
            .columns = {"ref"},
            .parent_schema = "shop",
            .parent_table = parent,
            .parent_columns = {"id"},
            .on_update = "RESTRICT",
            .on_delete = "CASCADE"};
  }
  std::vector<mysql::ForeignKey> keys_;
  std::vector<change::CascadingKey> ties_;
  bool repeats_cascades_ = false;
  bool null_becomes_now_ = false;
};

TEST_F(AFit, OfEqualTablesHasNothingToSay) {
  EXPECT_THAT(fit().waits, IsEmpty());
  EXPECT_THAT(fit().warns, IsEmpty());
}

TEST_F(AFit, ATriggerThatWouldFireTwiceWaitsAndOneThatNamesTheAccountDoesNot) {
  target_.triggers = {{"count_it", "UPDATE shop.counts SET n = n + 1"}};
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("it has the trigger count_it here")));
  target_.triggers = {{"count_it", "IF USER() NOT LIKE 'farshore_apply@%' THEN ... END IF"}};
  EXPECT_THAT(fit().waits, IsEmpty());
  EXPECT_THAT(fit().warns, ElementsAre(HasSubstr("its trigger count_it names apply's account")));
}

TEST_F(AFit, WhereCascadesAreRepeatedTheTargetMustHaveACascadingKey) {
  repeats_cascades_ = true;
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("a foreign key cascades at the source without logging it")));
  keys_ = {key("lines", "notes")};
  keys_[0].on_delete = "RESTRICT";
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("and none does here"))) << "it does not cascade";
  keys_[0].on_delete = "CASCADE";
  EXPECT_THAT(fit().waits, IsEmpty());
}

TEST_F(AFit, EachTieThatTheSourceNamesNeedsACascadingKeyHere) {
  repeats_cascades_ = true;
  ties_ = {{{"shop.notes"_table, "shop.lines"_table}}, {{"shop.lines"_table, "shop.marks"_table}}};
  keys_ = {key("lines", "notes")};
  EXPECT_THAT(fit().waits, ElementsAre(AllOf(HasSubstr("a foreign key of shop.marks to shop.lines cascades at the "
                                                       "source without logging it, and none does so here"),
                                             HasSubstr("Make the source's foreign key here too"))));
  keys_.push_back(key("lines", "marks"));
  EXPECT_THAT(fit().waits, Contains(HasSubstr("it would cascade here alone. Drop it here"))) << "the other way round";
  keys_.pop_back();
  keys_.push_back(key("lines", "elsewhere"));
  EXPECT_THAT(fit().waits, SizeIs(1)) << "no change of this table goes through it";
  keys_.push_back(key("MARKS", "lines"));
  keys_.back().on_delete = "RESTRICT";
  EXPECT_THAT(fit().waits, SizeIs(1)) << "it does not cascade";
  keys_.back().on_update = "SET NULL";
  EXPECT_THAT(fit().waits, IsEmpty());
  keys_.clear();
  EXPECT_THAT(fit().waits, SizeIs(2));
  repeats_cascades_ = false;
  EXPECT_THAT(fit().waits, IsEmpty());
}

TEST_F(AFit, TheKeyHereIsOfTheSameColumnsAndDoesTheSame) {
  repeats_cascades_ = true;
  const change::CascadingKey sender{.tie = {"shop.notes"_table, "shop.lines"_table},
                                    .columns = {"sender"},
                                    .parent_columns = {"id"},
                                    .on_delete = KeyAction::kCascade,
                                    .on_update = KeyAction::kNone};
  change::CascadingKey receiver = sender;
  receiver.columns = {"receiver"};
  receiver.on_update = KeyAction::kSetNull;
  ties_ = {sender, receiver};
  keys_ = {key("lines", "notes")};
  keys_[0].columns = {"Sender"};
  EXPECT_THAT(fit().waits,
              ElementsAre(HasSubstr("a foreign key of shop.lines (receiver) to shop.notes (id) (on update SET NULL, on "
                                    "delete CASCADE) cascades at the source without logging it, and none does so")));
  keys_.push_back(keys_[0]);
  keys_[1].columns = {"receiver"};
  EXPECT_THAT(fit().waits, SizeIs(2)) << "it does something else: it is to go, and the other one is not here";
  keys_[1].on_update = "SET NULL";
  EXPECT_THAT(fit().waits, IsEmpty());
  keys_[1].parent_columns = {"code"};
  EXPECT_THAT(fit().waits, SizeIs(2)) << "it goes by another column of the parent";
  keys_[1].parent_columns = {"ID"};
  EXPECT_THAT(fit().waits, IsEmpty());
  keys_[0].on_update = "NO ACTION";
  EXPECT_THAT(fit().waits, IsEmpty()) << "which is RESTRICT";
  ties_ = {sender};
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("which the source has not: it would cascade here alone")));
  ties_[0].columns.clear();
  EXPECT_THAT(fit().waits, IsEmpty()) << "a batch of an older capture names tables alone";
}

TEST_F(AFit, NullIntoATimestampThatWouldTakeThePresentTimeWaits) {
  shape_.columns[1] = column("note", ColumnType::kTimestamp);
  shape_.columns[1].nullable = true;
  target_.columns[1] = target_column("note", "timestamp");
  target_.columns[1].nullable = false;
  EXPECT_THAT(fit().warns, ElementsAre(HasSubstr("may be NULL at the source and not here")));
  null_becomes_now_ = true;
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("takes NULL for the present time here")));
}

TEST_F(AFit, AVersionedTableSaysSo) {
  target_.versioned = true;
  EXPECT_THAT(fit().waits, ElementsAre(HasSubstr("it has system versioning here")));
}

TEST_F(AFit, AValueThatTheColumnWouldRoundIsNotWritten) {
  const Column real = column("v", ColumnType::kDouble);
  mysql::ColumnSchema there = target_column("v", "double");
  there.rounds = true;
  there.scale = 2;
  const mysql::LiteralWriter literal(real, &there);
  std::string out;
  EXPECT_TRUE(literal.append(Value::of_double(1.25), out));
  EXPECT_TRUE(literal.append(Value::of_double(-99999.99), out));
  EXPECT_FALSE(literal.append(Value::of_double(1.239), out));
  EXPECT_THAT(std::string(literal.demand(Value::of_double(1.239))), HasSubstr("the column here rounds"));
}

TEST_F(AFit, JsonWithNumbersThatTheTargetWouldChangeIsNotWritten) {
  mysql::ColumnSchema there = target_column("v", "json");
  std::string out;
  const mysql::LiteralWriter text(column("v", ColumnType::kText, "utf8mb4", 45, 4), &there);
  for (const char* const good :
       {R"({"a": 18446744073709551615, "b": 1.50, "c": 1e100, "d": "12345678901234567890.12"})", "[-17, 0.1]"}) {
    EXPECT_TRUE(text.append(Value::of_bytes(good), out)) << good;
  }
  for (const char* const bad : {"[12345678901234567890.12]", "[123456789012345678901234]", "[1e-400]",
                                R"([{"a": 1, "b": {"a": 2}, "\u0061": 3}])", "[1"}) {
    EXPECT_FALSE(text.append(Value::of_bytes(bad), out)) << bad;
  }
  EXPECT_THAT(std::string(text.demand(Value::of_bytes("[1e-400]"))), HasSubstr("a number that the JSON type here"));
}

}  // namespace
}  // namespace farshore::apply
