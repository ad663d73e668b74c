#include <gmock/gmock.h>

#include "targets.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// Row 1 of shop.notes is there, and the target refuses what would change it, for a while.
class HeldBack : public Writing {
 protected:
  HeldBack() {
    start({}, change::LookAt::kAll);
    target_.on_data([this](const std::string& statement) { return answer(statement); });
    stored_and_loaded(applied_up_to(0));
  }
  Reply answer(const std::string& statement) {
    if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"i"}, {{R"({"id": 1, "note": "image"})"}});
    if (statement.starts_with("SELECT 1")) return rows({"c"}, {{statement.contains("'" + there_ + "'") ? "1" : "0"}});
    if (statement.starts_with("SELECT `id`")) return rows({"id", "note"}, {{"1", there_}});
    if (refuses_) {
      ++refused_;
      return fails(4025, "CONSTRAINT `c` failed");
    }
    there_ = "written";
    return ok(2);
  }
  void arrives(Topic& topic) {
    take(topic.end().send());
    write();
    note();
    ASSERT_TRUE(has_outcome<Applied>());
  }
  /// Of a shape with a column more.
  Topic& wide_update(std::uint64_t transaction, std::string_view from, std::string_view to) {
    TableShape wide = notes_shape("notes");
    wide.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
    const auto row = [](std::string_view note) {
      return std::vector<Value>{Value::of_int(1), Value::of_bytes(note), Value::of_bytes("")};
    };
    return topic_.table(wide).transaction(transaction).change(change::Op::kUpdate, row(from), row(to));
  }
  void is_tried_until(const std::function<bool()>& done) {
    ASSERT_TRUE(eventually([&] {
      note();
      return done();
    }));
  }
  void is_mended() {
    refuses_ = false;
    is_tried_until([this] { return target_.parked() == 0; });
  }
  void note() { std::ranges::copy(writes_, std::back_inserter(all_)); }
  /// Of the key that was held back nothing is left.
  void expect_counted(const std::string& kind) {
    EXPECT_THAT(all_, Contains(AllOf(HasSubstr("INSERT INTO farshore.mismatch "), HasSubstr("'" + kind + "',1"))));
    EXPECT_THAT(all_, Contains(HasSubstr("INSERT INTO farshore.equality")));
    EXPECT_THAT(all_, Contains(AllOf(HasSubstr("farshore.mismatch_example"), HasSubstr("image"))));
    EXPECT_FALSE(target_.has_parked_first());
  }
  void expect_nothing_counted() {
    EXPECT_THAT(all_, Not(Contains(HasSubstr("farshore.mismatch"))));
    EXPECT_FALSE(target_.has_parked_first());
  }

  std::string there_ = "a";
  bool refuses_ = true;
  int refused_ = 0;
  std::vector<std::string> all_;
  Topic topic_;
};

TEST_F(HeldBack, ARowThatStaysAsItWasIsAsTheFirstChangeExpectsIt) {
  arrives(topic_.transaction(1).update(1, "a", "b"));
  arrives(topic_.transaction(2).update(1, "b", "c").update(1, "c", "d"));
  ASSERT_EQ(target_.parked(), 1U);
  is_mended();
  expect_nothing_counted();
}

TEST_F(HeldBack, ARowThatWasWrittenHereMeanwhileIsCountedWhenTheChangeGoesIn) {
  arrives(topic_.transaction(1).update(1, "a", "b"));
  there_ = "own";
  arrives(topic_.transaction(2).update(1, "b", "c"));
  is_tried_until([this] { return refused_ > 5; });
  EXPECT_THAT(all_, Not(Contains(HasSubstr("farshore.mismatch")))) << "nothing is written over yet";
  is_mended();
  expect_counted("before-differs");
}

TEST_F(HeldBack, SoItIsWhenANewerChangeGoesIn) {
  arrives(topic_.transaction(1).update(1, "a", "b"));
  there_ = "own";
  refuses_ = false;
  arrives(topic_.transaction(2).update(1, "b", "c"));
  EXPECT_EQ(target_.parked(), 0U);
  expect_counted("before-differs");
}

TEST_F(HeldBack, MergedChangesExpectTheRowBeforeTheirFirst) {
  arrives(topic_.transaction(1).update(1, "a", "b").update(1, "b", "c"));
  is_mended();
  expect_nothing_counted();
}

TEST_F(HeldBack, TheFirstIsComparedInItsOwnShape) {
  arrives(topic_.transaction(1).update(1, "a", "b"));
  target_.add_table("notes", FakeTarget::Shape::kWide);
  refuses_ = false;
  arrives(wide_update(2, "b", "x"));
  EXPECT_EQ(target_.parked(), 0U);
  expect_nothing_counted();
}

TEST_F(HeldBack, AColumnThatTheTableHasGotWithoutADefaultIsNotCompared) {
  arrives(topic_.transaction(1).update(1, "a", "b"));
  ASSERT_EQ(target_.parked(), 1U);
  target_.add_table("notes", FakeTarget::Shape::kNeedy);
  refuses_ = false;
  arrives(wide_update(2, "b", "x"));
  EXPECT_EQ(target_.parked(), 0U);
  expect_nothing_counted();
}

TEST_F(HeldBack, OrThatItHasLost) {
  target_.add_table("notes", FakeTarget::Shape::kWide);
  arrives(wide_update(1, "a", "b"));
  ASSERT_EQ(target_.parked(), 1U);
  target_.add_table("notes");  // the column is gone
  refuses_ = false;
  arrives(topic_.table(notes_shape("notes")).transaction(2).update(1, "b", "c"));
  EXPECT_EQ(target_.parked(), 0U);
  expect_nothing_counted();
}

TEST_F(HeldBack, ARowThatMayBeInConflictAndIsNotIsLookedAtAsAnyOther) {
  target_.have_many_conflicts();
  load();
  there_ = "own";
  refuses_ = false;
  arrives(topic_.transaction(1).update(1, "a", "b"));
  expect_counted("before-differs");
}

TEST_F(HeldBack, AndItsFirstChangeIsKept) {
  target_.have_many_conflicts();
  load();
  arrives(topic_.transaction(1).update(1, "a", "b"));
  EXPECT_EQ(target_.parked(), 1U);
  EXPECT_TRUE(target_.has_parked_first());
}

TEST_F(HeldBack, AChangeThatLeavesItsRowAsItIsExpectsItSo) {
  arrives(topic_.transaction(1).update(1, "a", "a"));
  there_ = "own";
  is_mended();
  expect_counted("before-differs");
}

TEST_F(HeldBack, ASchemaWithoutItsTableStopsThePartitionWithAWayOut) {
  target_.lack("farshore.parked_first");
  take(topic_.transaction(1).update(1, "a", "b").end().send());
  write();
  EXPECT_EQ(target_.progress().at("state"), "stopped");
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("(after an upgrade: `farshorectl init`)"));
}

}  // namespace
}  // namespace farshore::apply
