#include "apply/work_set_writer.hpp"

#include <set>

#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class AFailure : public Writing {
 protected:
  AFailure() {
    stored_and_loaded(applied_up_to(0));
    take(topic_.transaction(1).insert(1, "a").end().send());
  }
  /// The next statement on shop.notes fails, those after it succeed.
  void fail_once(Reply reply) {
    target_.on_data([reply, done = false](const std::string& statement) mutable -> std::optional<Reply> {
      if (done || !statement.contains("`shop`.`notes`")) return std::nullopt;
      done = true;
      return reply;
    });
  }
  Topic topic_;
  const std::string upsert_ = std::string(kUpsert) + "(1,'a')" + kTail;
};

TEST_F(AFailure, ADeadlockIsTriedAgainFromTheProgressOn) {
  fail_once(fails(1213, "Deadlock found when trying to get lock"));
  write();
  ASSERT_THAT(writes_, SizeIs(6));
  EXPECT_THAT(writes_[0], StartsWith(kProgress));
  EXPECT_EQ(writes_[1], upsert_);
  EXPECT_EQ(writes_[2], "ROLLBACK");
  EXPECT_THAT(writes_[3], StartsWith(kProgress));
  EXPECT_EQ(writes_[4], upsert_);
  EXPECT_EQ(writes_[5], "COMMIT");
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(counts_.retries.value(Retry::kDeadlock), 1);
}

TEST_F(AFailure, ALockWaitIsRolledBackBeforeItIsTriedAgain) {
  fail_once(fails(1205, "Lock wait timeout exceeded"));
  write();
  EXPECT_EQ(writes_[2], "ROLLBACK");
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.progress().at("seq"), "1");
}

TEST_F(AFailure, ALockThatIsNotLetGoIsToldByKindAndTableUntilItIs) {
  struct Look {
    Fields progress;
    std::string fault;
  };
  std::vector<Look> looks;
  target_.on_data([&, tries = 0](const std::string& statement) mutable -> std::optional<Reply> {
    if (!statement.starts_with("INSERT")) return std::nullopt;  // a statement without rows gets through
    looks.push_back({target_.progress(), writer_->fault()});
    if (++tries <= 3) return fails(1205, "Lock wait timeout exceeded");
    return std::nullopt;
  });
  write();
  ASSERT_THAT(looks, SizeIs(4));
  EXPECT_EQ(looks[1].fault, "") << "one may have been bad luck";
  EXPECT_THAT(looks[2].fault, HasSubstr("table shop.notes: a row lock is waited for"));
  EXPECT_THAT(looks[2].progress.at("reason"), HasSubstr("table shop.notes: a row lock is waited for"));
  EXPECT_EQ(looks[2].progress.at("state"), "applying");
  EXPECT_EQ(looks[3].progress.at("reason"), looks[2].progress.at("reason"));
  EXPECT_EQ(std::ranges::count(writes_, std::string("DELETE FROM `shop`.`notes` WHERE FALSE")), 1) << "looked for once";
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.progress().at("reason"), "");
  EXPECT_EQ(target_.progress().at("seq"), "1");
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(AFailure, AMetadataLockIsToldFromARowLock) {
  std::string reason;
  target_.on_data([&, tries = 0](const std::string& statement) mutable -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) reason = target_.progress().at("reason");
    if (++tries <= 3) return fails(1205, "Lock wait timeout exceeded");
    return std::nullopt;
  });
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(reason, HasSubstr("table shop.notes: its metadata lock is waited for"));
}

TEST_F(AFailure, AServerThatTakesNoWritesIsShownByALockOfTheSession) {
  std::set<std::string> shown;
  target_.on_data([&, times = 0](const std::string&) mutable -> std::optional<Reply> {
    shown = target_.advisory_locks();
    if (++times <= 2) return fails(1290, "The MySQL server is running with the --super-read-only option");
    return std::nullopt;
  });
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(shown, ElementsAre("farshore.blocked.read-only.east"));
  EXPECT_THAT(target_.advisory_locks(), IsEmpty());
}

TEST_F(AFailure, ADatabaseThatDoesNotAnswerIsAFaultMeanwhile) {
  std::string fault;
  target_.on_data([&](const std::string&) -> std::optional<Reply> {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (fault.empty() && std::chrono::steady_clock::now() < until) fault = writer_->fault();
    return std::nullopt;
  });
  write();
  EXPECT_THAT(fault, HasSubstr("does not answer"));
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(AFailure, ASessionThatTheServerEndedWhileItWasSilentIsNobodysReason) {
  writer_->release(partition_key());
  target_.end_session();
  ASSERT_TRUE(eventually([&] { return target_.session_end_is_known(); })) << "it is kept alive without a partition too";
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = partition_key(), .topic_id = "topic"}}, outcomes, never_);
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(is<Loaded>(outcomes[0]));
  EXPECT_THAT(notices_, IsEmpty());
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(AFailure, ASessionLostInTheMiddleIsOpenedAgainAndAllIsWrittenAgain) {
  fail_once(hangs_up());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(std::ranges::count(writes_, upsert_), 2);
  EXPECT_EQ(target_.progress().at("seq"), "1");
  EXPECT_EQ(target_.sessions(), 4U) << "each after one that asks for the rights";
}

TEST_F(AFailure, ACommitThatWentThroughThoughItsAnswerWasLostIsNotDoneTwice) {
  target_.next_commit(FakeTarget::Commit::kLostAfterIt);
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().row.seq, Seq(1));
  EXPECT_THAT(data(), ElementsAre(upsert_));
  EXPECT_EQ(target_.progress().at("seq"), "1");
  take(topic_.transaction(2).insert(2, "b").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>()) << "it goes on from there";
  EXPECT_EQ(target_.progress().at("seq"), "2");
}

TEST_F(AFailure, ACommitOfItsReasonIsNotTakenForTheCommitOfTheWorkSet) {
  set_.clear();
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10, {{.table = "shop.orders", .said_at = time_of(3)}}));
  target_.lock_out("INSERT INTO farshore.told_doubt", 2);
  target_.next_commit(FakeTarget::Commit::kLostAfterIt);
  write();
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("farshore.told_doubt")) << "this is what was committed";
  EXPECT_FALSE(has_outcome<Applied>());
  ASSERT_TRUE(has_outcome<Lost>());
  EXPECT_THAT(outcome<Lost>().reason, HasSubstr("whose answer was lost"));
  load();
  take(Topic().watermark(6, 10, {{.table = "shop.orders", .said_at = time_of(3)}}));
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_TRUE(was_written("INSERT INTO farshore.told_doubt"));
}

TEST_F(AFailure, ACommitThatDidNotGoThroughIsDoneAgain) {
  target_.next_commit(FakeTarget::Commit::kLostBeforeIt);
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(std::ranges::count(writes_, upsert_), 2);
  EXPECT_EQ(target_.progress().at("seq"), "1");
}

TEST_F(AFailure, AnotherWritersProgressMakesThisOneWriteNothing) {
  target_.write_progress(2, {{"seq", "5"}});
  write();
  EXPECT_TRUE(has_outcome<Lost>());
  EXPECT_THAT(data(), IsEmpty());
  EXPECT_EQ(target_.progress().at("seq"), "5");
  EXPECT_THAT(writes_, testing::Not(Contains("COMMIT").Times(2)));
}

TEST_F(AFailure, AZombieThatComesBackAfterATakeOverWritesNothing) {
  target_.write_progress(2, {{"owner", "apply-2/0"}});  // same seq: only `writes` has grown
  write();
  EXPECT_TRUE(has_outcome<Lost>());
  EXPECT_THAT(data(), IsEmpty());
  EXPECT_EQ(target_.progress().at("owner"), "apply-2/0");
}

TEST_F(AFailure, WhatDoesNotFollowTheProgressIsNotWrittenAndThePartitionIsLoadedAgain) {
  set_.slices()[0].base_seq = Seq(7);
  write();
  EXPECT_TRUE(has_outcome<Lost>());
  EXPECT_THAT(writes_, IsEmpty());
}

TEST_F(AFailure, OfAPartitionThatIsNotInHandNothingIsWritten) {
  writer_->release(partition_key());
  (void)target_.take_writes();
  write();
  EXPECT_THAT(outcomes_, IsEmpty());
  EXPECT_THAT(writes_, IsEmpty());
}

TEST_F(AFailure, AMissingTableIsWaitedForAndTheTargetIsReadAgainFirst) {
  target_.drop_table("notes");
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kWaitingForSchema);
  EXPECT_EQ(outcome<Suspended>().row.reason, "table shop.notes does not exist here");
  EXPECT_EQ(target_.progress().at("state"), "waiting-for-schema");
  EXPECT_EQ(target_.progress().at("seq"), "0");
  target_.add_table("notes");
  load();
  Topic again;
  take(again.transaction(1).insert(1, "a").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>()) << "it goes on by itself";
  EXPECT_EQ(target_.progress().at("state"), "applying");
}

TEST_F(AFailure, ATableThatChangedAfterItWasReadIsReadAgainBeforeTheNextRow) {
  write();
  target_.add_table("notes", FakeTarget::Shape::kUnique);
  take(topic_.transaction(2).insert(2, "a").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(data(),
              ElementsAre("INSERT INTO `shop`.`notes` (`id`,`note`) VALUES (2,'a') ON DUPLICATE KEY UPDATE "
                          "`id`=IF(`id`<=>VALUES(`id`),VALUES(`id`),(SELECT 1 UNION SELECT 2)),`note`=VALUES(`note`)"))
      << "an upsert that fails on another row";
}

TEST_F(AFailure, ATableThatDoesNotChangeIsNotReadAgain) {
  write();
  const int reads = target_.schema_reads();
  take(topic_.transaction(2).insert(2, "a").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.schema_reads(), reads);
}

TEST_F(AFailure, ATriggerThatTheServerDoesNotCountIsSeenBeforeTheNextRow) {
  target_.add_trigger("notes", "harmless", "IF USER() NOT LIKE 'farshore_apply@%' THEN ... END IF");
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  target_.add_trigger("notes", "fires", "SET NEW.note = 'b'");
  take(topic_.transaction(2).insert(2, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("it has the trigger fires here"));
  EXPECT_THAT(data(), IsEmpty());
}

TEST_F(AFailure, ATableThatTheRulesLeaveOutStopsThePartition) {
  TableShape progress = notes_shape("progress");
  progress.schema = "farshore";
  take(topic_.table(progress).transaction(2).insert(2, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason,
              HasSubstr("changes of table farshore.progress, and tables of this schema"));
  EXPECT_EQ(target_.progress().at("seq"), "0") << "nothing of the work set is applied";
}

TEST_F(AFailure, ASystemSchemaIsRefusedInAnyCaseOfLetters) {
  TableShape user = notes_shape("user");
  user.schema = "MySQL";
  take(topic_.table(user).transaction(2).insert(2, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("changes of table MySQL.user, and tables of this schema"));
  EXPECT_EQ(target_.progress().at("seq"), "0") << "nothing of the work set is applied";
}

TEST_F(AFailure, AValueThatDoesNotFitIsWaitedForByItsRow) {
  take(topic_.transaction(2).insert(2, "much too long").end().send());
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.contains("much too long")) return fails(1406, "Data too long for column 'note' at row 2");
    return std::nullopt;
  });
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kWaitingForSchema);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("table shop.notes: a value does not fit"));
  EXPECT_EQ(target_.progress().at("seq"), "0") << "nothing of the work set is applied";
}

TEST_F(AFailure, AMissingGrantStopsThePartitionAndTheNextSessionLooksAgain) {
  target_.on_data([](const std::string&) { return fails(1142, "INSERT command denied to user"); });
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("1142 INSERT command denied"));
  const std::uint32_t sessions = target_.sessions();
  target_.on_data({});
  load();
  EXPECT_EQ(target_.sessions(), sessions + 2);
}

TEST_F(AFailure, ARightThatWasGrantedWhileTheSessionLoggedInIsBelievedOfTheNextSession) {
  set_.clear();
  start();
  target_.grant({FakeTarget::kBlindToTriggers, FakeTarget::kAll});
  load();
  take(Topic().transaction(1).insert(1, "a").end().send());
  const std::uint32_t sessions = target_.sessions();
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(target_.sessions(), sessions + 2) << "another one";
}

TEST_F(AFailure, ARightThatWasTakenAwayWhileTheSessionLoggedInIsNotBelieved) {
  set_.clear();
  start();
  target_.grant({FakeTarget::kAll, FakeTarget::kBlindToTriggers});
  load();
  take(Topic().transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("GRANT TRIGGER ON `shop`.*"));
}

TEST_F(AFailure, ARightThatIsTakenAwayFromAnOpenSessionIsNotBelieved) {
  set_.clear();
  start();
  load();
  target_.grant({FakeTarget::kBlindToTriggers});
  take(Topic().transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("GRANT TRIGGER ON `shop`.*"));
}

TEST_F(AFailure, OfOurOwnTablesThatNoRetryMendsStopsThePartition) {
  target_.deny("UPDATE farshore.progress");
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("its progress cannot be written: 1142 command denied"));
  EXPECT_EQ(target_.progress().at("seq"), "0");
}

TEST_F(AFailure, ToLookATableUpThatNoRetryMendsStopsThePartition) {
  target_.deny("SELECT ENGINE, TABLE_TYPE");
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("table shop.notes cannot be looked up: 1142 command denied"));
  EXPECT_EQ(target_.progress().at("state"), "stopped");
}

TEST_F(AFailure, AReadOnlyTargetIsAFaultUntilItTakesWritesAgain) {
  std::string fault;
  target_.on_data([&, times = 0](const std::string&) mutable -> std::optional<Reply> {
    if (++times == 1) return fails(1290, "The MySQL server is running with the --super-read-only option");
    fault = writer_->fault();
    return std::nullopt;
  });
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(fault, HasSubstr("takes no writes now: 1290"));
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(AFailure, ACommitThatIsRefusedIsAFaultUntilOneGoesThrough) {
  std::vector<std::string> faults;
  target_.on_data([&](const std::string&) -> std::optional<Reply> {
    faults.push_back(writer_->fault());
    return std::nullopt;
  });
  target_.next_commit(FakeTarget::Commit::kRefused);
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_THAT(faults, ElementsAre("", HasSubstr("takes no writes now: 1197")));
  EXPECT_EQ(writer_->fault(), "");
}

TEST_F(AFailure, OneSlicesFailureDoesNotHoldUpTheOthers) {
  ProgressRow other = applied_up_to(0);
  other.key.partition = PartitionId(5);
  stored(other);
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = other.key, .topic_id = "topic"}}, outcomes, never_);
  ASSERT_EQ(outcomes.size(), 1U);
  PartitionIntake intake(std::get<Loaded>(outcomes[0]).row, WholeTransaction{});
  Topic topic(kEpoch, 1, other.key);
  topic.table(notes_shape("missing")).transaction(1).insert(9, "z").end();
  EXPECT_EQ(intake.take(topic.send(), tables_, set_).step, Intake::Step::kGathered);
  write();
  EXPECT_TRUE(has_outcome<Applied>());
  EXPECT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(target_.progress(2).at("seq"), "1");
  EXPECT_EQ(target_.progress(5).at("seq"), "0");
  EXPECT_EQ(target_.progress(5).at("state"), "waiting-for-schema");
}

}  // namespace
}  // namespace farshore::apply
