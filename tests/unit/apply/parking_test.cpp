#include "apply/parking.hpp"

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kInsert = "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ";
constexpr const char* kUpdate = "UPDATE `shop`.`notes` SET ";

/// shop.notes has a unique key over note here. Some notes are taken by rows that are not this partition's.
class ParkedChanges : public Writing {
 protected:
  ParkedChanges() {
    target_.add_table("notes", FakeTarget::Shape::kUnique);
    target_.on_data([this](const std::string& statement) { return refuse_taken(statement); });
    stored_and_loaded(applied_up_to(0));
  }
  std::optional<Reply> refuse_taken(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    if (statement.starts_with("DELETE")) return std::nullopt;
    for (const std::string& note : taken_) {
      if (statement.contains("'" + note + "'")) {
        return fails(1062, "Duplicate entry '" + note + "' for key 'notes.note'");
      }
    }
    // What is updated is not there yet, as long as nothing was inserted.
    if (statement.starts_with("UPDATE")) return ok(0);
    return std::nullopt;
  }
  void take_note(const std::string& note) {
    const std::lock_guard lock(mutex_);
    taken_.push_back(note);
  }
  void free_notes() {
    const std::lock_guard lock(mutex_);
    taken_.clear();
  }
  /// The service begins anew: what is in memory is gone.
  void restart() {
    start();
    load();
  }

  std::mutex mutex_;
  std::vector<std::string> taken_;  // guarded by mutex_
  Topic topic_;
};

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
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'500);
  int tried = 0;
  for (std::int64_t id = 2; std::chrono::steady_clock::now() < until; ++id) {
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
  EXPECT_GE(tried, 2);
  EXPECT_LE(tried, 5) << "after 100, 200, 400 and 800 ms";
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
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return target_.parked() == 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(500));
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
