#include "apply/parked_retry.hpp"

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::HasSubstr;

/// The rows of shop.notes, whose notes are unique, as far as apply's statements change them.
class UniqueNotes {
 public:
  void put(const std::string& id, const std::string& note) { rows_[id] = note; }
  [[nodiscard]] const Fields& all() const { return rows_; }

  std::optional<Reply> on(const std::string& statement) {
    SqlText text(statement);
    if (statement == "SAVEPOINT together") saved_ = rows_;
    if (statement == "ROLLBACK TO SAVEPOINT together") rows_ = saved_;
    if (statement.starts_with("DELETE FROM `shop`") && text.find("`id`=")) return ok(rows_.erase(text.literal()));
    if (statement.starts_with("INSERT INTO `shop`") && text.find(" VALUES (")) {
      const std::string id = text.literal();
      (void)text.skip(",");
      return set(id, text.literal(), rows_.contains(id) ? "PRIMARY" : "");
    }
    if (statement.starts_with("UPDATE `shop`") && text.find("`note`=")) {
      const std::string note = text.literal();
      (void)text.find("WHERE `id`=");
      const std::string id = text.literal();
      return rows_.contains(id) ? set(id, note, "") : ok(0);
    }
    return std::nullopt;
  }

 private:
  Reply set(const std::string& id, const std::string& note, std::string clash) {
    for (const auto& [other, taken] : rows_) {
      if (clash.empty() && other != id && taken == note) clash = "notes.note";
    }
    if (!clash.empty()) return fails(1062, "Duplicate entry '" + note + "' for key '" + clash + "'");
    rows_[id] = note;
    return ok(1);
  }
  Fields rows_;
  Fields saved_;
};

class ParkedInACircle : public Writing {
 protected:
  ParkedInACircle() {
    target_.add_table("notes", FakeTarget::Shape::kUnique);
    target_.on_data([this](const std::string& statement) {
      const std::lock_guard lock(mutex_);
      tried_.push_back(statement);
      return notes_.on(statement);
    });
    stored_and_loaded(applied_up_to(0));
  }
  Fields notes() {
    const std::lock_guard lock(mutex_);
    return notes_.all();
  }
  std::ptrdiff_t times_together() {
    const std::lock_guard lock(mutex_);
    return std::ranges::count(tried_, "SAVEPOINT together");
  }
  std::mutex mutex_;
  UniqueNotes notes_;               // guarded by mutex_
  std::vector<std::string> tried_;  // guarded by mutex_
};

TEST_F(ParkedInACircle, ChangesThatWaitForOneAnotherAreAppliedTogether) {
  notes_.put("1", "a");
  notes_.put("2", "b");
  take(Topic().transaction(1).update(1, "a", "b").update(2, "b", "a").end().send());
  write();
  EXPECT_EQ(target_.parked(), 2U) << "neither finds room by itself";
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  EXPECT_EQ(notes(), (Fields{{"1", "b"}, {"2", "a"}}));
}

TEST_F(ParkedInACircle, ADeleteThatIsRefusedDoesNotKeepTheOthersFromIt) {
  notes_.put("1", "a");
  notes_.put("2", "b");
  notes_.put("3", "kept");
  target_.on_data([this](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("DELETE") && statement.contains("3")) return fails(1644, "a trigger says no");
    const std::lock_guard lock(mutex_);
    return notes_.on(statement);
  });
  take(Topic().transaction(1).erase(3, "kept").update(1, "a", "b").update(2, "b", "a").end().send());
  write();
  EXPECT_EQ(target_.parked(), 3U);
  ASSERT_TRUE(eventually([&] { return target_.parked() == 1; }));
  EXPECT_EQ(notes(), (Fields{{"1", "b"}, {"2", "a"}, {"3", "kept"}}));
}

TEST_F(ParkedInACircle, AChangeThatDoesNotFitTheTableAnyMoreDoesNotKeepTheOthersFromIt) {
  target_.add_table("notes", FakeTarget::Shape::kWide);
  start();
  load();
  notes_.put("1", "a");
  notes_.put("2", "b");
  notes_.put("9", "theirs");
  TableShape wide = notes_shape("notes");
  wide.columns.push_back(column("c", ColumnType::kVarchar, "utf8mb4", 45, 80));
  Topic topic;
  topic.table(wide).transaction(1);
  topic.change(change::Op::kInsert, {}, {Value::of_int(3), Value::of_bytes("theirs"), Value::of_bytes("c")});
  take(topic.end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  target_.add_table("notes", FakeTarget::Shape::kUnique);
  start();
  load();
  topic.table(notes_shape("notes")).transaction(2).update(1, "a", "b").update(2, "b", "a");
  take(topic.end().send());
  write();
  EXPECT_EQ(target_.parked(), 3U);
  ASSERT_TRUE(eventually([&] { return target_.parked() == 1; }));
  EXPECT_EQ(notes(), (Fields{{"1", "b"}, {"2", "a"}, {"9", "theirs"}}));
}

TEST_F(ParkedInACircle, AChangeThatTheOriginWillNotMakeRoomForIsAConflict) {
  notes_.put("1", "a");
  notes_.put("9", "theirs");
  Topic topic;
  take(topic.transaction(1).update(1, "a", "theirs").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  take(topic.watermark(1, 1));  // everything up to it is here
  write();
  std::vector<std::string> all;
  ASSERT_TRUE(eventually([&] {
    all.insert(all.end(), writes_.begin(), writes_.end());
    return target_.parked() == 0;
  }));
  const auto written = [&](std::string_view beginning) {
    return std::ranges::any_of(all, [&](const std::string& one) { return one.starts_with(beginning); });
  };
  EXPECT_TRUE(written("INSERT INTO farshore.conflict ("));
  EXPECT_EQ(notes(), (Fields{{"1", "a"}, {"9", "theirs"}}));
  EXPECT_THAT(notices_.back(), HasSubstr("is a conflict now"));
  take(topic.transaction(2).update(1, "theirs", "b").end().send());
  write();
  EXPECT_EQ(notes(), (Fields{{"1", "b"}, {"9", "theirs"}}));
  EXPECT_TRUE(was_written("INSERT INTO farshore.conflict_history")) << "the newer image ends the conflict";
  EXPECT_TRUE(was_written("DELETE FROM farshore.conflict "));
}

TEST_F(ParkedInACircle, AClashDoesNotHoldUpTheNextEpochAsTheOriginWillNotEndIt) {
  notes_.put("9", "theirs");
  take(Topic().transaction(1).insert(1, "theirs").end().send());
  write();
  EXPECT_EQ(target_.parked(), 1U);
  change::EpochStart start = continuing_start(1);
  start.continued.erase(start.continued.begin());  // this partition is the only one
  EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)), Intake::Step::kBarrier);
  write();
  ASSERT_TRUE(eventually([&] { return target_.progress().at("epoch") == "4"; }));
  EXPECT_EQ(target_.parked(), 0U) << "it is a conflict";
  EXPECT_EQ(notes(), (Fields{{"9", "theirs"}}));
}

TEST_F(ParkedInACircle, AChangeWithoutRoomLeavesItsRowAsItIs) {
  notes_.put("1", "a");
  notes_.put("2", "b");
  notes_.put("9", "theirs");
  take(Topic().transaction(1).update(1, "a", "b").update(2, "b", "theirs").end().send());
  write();
  EXPECT_EQ(target_.parked(), 2U);
  ASSERT_TRUE(eventually([&] { return times_together() >= 2; }));
  EXPECT_EQ(notes(), (Fields{{"1", "a"}, {"2", "b"}, {"9", "theirs"}}));
  EXPECT_EQ(target_.parked(), 2U) << "each waits for a row that is not itself about to change";
}

}  // namespace
}  // namespace farshore::apply
