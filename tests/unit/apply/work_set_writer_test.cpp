#include "apply/work_set_writer.hpp"

#include <thread>

#include "base/pause.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kUpsert = "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ";
constexpr const char* kTail = " ON DUPLICATE KEY UPDATE `note`=VALUES(`note`)";
constexpr const char* kProgress = "UPDATE farshore.progress SET ";

class TheWriter : public Writing {};

// --- taking partitions over

TEST_F(TheWriter, MakesTheRowOfANewPartitionAndTakesIt) {
  load();
  const Fields row = target_.progress();
  EXPECT_EQ(row.at("epoch"), "0");
  EXPECT_EQ(row.at("state"), "applying");
  EXPECT_EQ(row.at("owner"), "apply-1/0");
  EXPECT_EQ(row.at("writes"), "1");
}

TEST_F(TheWriter, TakingAPartitionOverIsAWriteThatTheOwnerBeforeRunsInto) {
  stored(applied_up_to(10, 4));
  const std::string before = target_.progress().at("writes");
  load();
  EXPECT_EQ(intake_->row().seq, Seq(10));
  EXPECT_EQ(intake_->row().origin_position, position_after(4));
  EXPECT_EQ(target_.progress().at("owner"), "apply-1/0");
  EXPECT_NE(target_.progress().at("writes"), before);
}

TEST_F(TheWriter, LettingAPartitionGoClearsItsOwner) {
  stored_and_loaded(applied_up_to(10, 4));
  writer_->release(partition_key());
  EXPECT_EQ(target_.progress().at("owner"), "");
  EXPECT_EQ(target_.progress().at("seq"), "10");
}

TEST_F(TheWriter, OfATopicWhoseIdIsNotKnownItNeitherReadsNorKeepsAnOffset) {
  stored(applied_up_to(0));
  target_.store_offset(50);
  std::vector<Outcome> outcomes;
  for (const char* const topic_id : {"topic", ""}) {
    writer_->load(std::vector<LoadRequest>{{.key = partition_key(), .topic_id = topic_id}}, outcomes, never_);
    ASSERT_TRUE(is<Loaded>(outcomes.back()));
    EXPECT_EQ(std::get<Loaded>(outcomes.back()).offset.has_value(), topic_id[0] != 0);
    intake_.emplace(std::get<Loaded>(outcomes.back()).row, WholeTransaction{});
    Topic topic(kEpoch, std::get<Loaded>(outcomes.back()).row.seq.raw() + 1);
    take(topic.transaction(outcomes.size()).insert(1, "a").end().send());
    write();
    writer_->release(partition_key());
    writes_ = target_.take_writes();
    EXPECT_EQ(was_written("INSERT INTO farshore.channel_offset"), topic_id[0] != 0);
  }
}

TEST_F(TheWriter, APartitionThatCannotBeTakenOverDoesNotHoldUpAStop) {
  load();
  target_.deny("SELECT kafka_offset");
  std::stop_source stop;
  stop.request_stop();
  progress::PartitionKey other = partition_key();
  other.partition = PartitionId(3);
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = other, .topic_id = "topic"}}, outcomes, stop.get_token());
  EXPECT_THAT(outcomes, IsEmpty());
}

TEST_F(TheWriter, APartitionThatCannotBeTakenOverDoesNotHoldUpTheOthers) {
  stored_and_loaded(applied_up_to(0));
  target_.deny("SELECT kafka_offset");
  std::stop_source stop;
  const std::jthread deadline([&](const std::stop_token& done) {
    pause_for(std::chrono::seconds(20), done);
    stop.request_stop();
  });
  progress::PartitionKey other = partition_key();
  other.partition = PartitionId(3);
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = other, .topic_id = "topic", .number = 7}}, outcomes, stop.get_token());
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(is<NotLoaded>(outcomes[0]));
  EXPECT_EQ(std::get<NotLoaded>(outcomes[0]).load, 7U);
  EXPECT_EQ(std::get<NotLoaded>(outcomes[0]).reason, "1142 command denied to user");
  take(Topic().transaction(1).insert(1, "a").end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
}

TEST_F(TheWriter, AnswersALoadWithItsNumber) {
  std::vector<Outcome> outcomes;
  writer_->load(std::vector<LoadRequest>{{.key = partition_key(), .topic_id = "topic", .number = 7}}, outcomes, never_);
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(is<Loaded>(outcomes[0]));
  EXPECT_EQ(std::get<Loaded>(outcomes[0]).load, 7U);
}

// --- one transaction

TEST_F(TheWriter, WritesOneTransactionWithTheProgressFirst) {
  stored_and_loaded(applied_up_to(10, 4));
  Topic topic(kEpoch, 11);
  take(topic.transaction(5).insert(1, "a").insert(2, "b").end().send());
  write();
  ASSERT_THAT(writes_, SizeIs(3));
  EXPECT_THAT(writes_[0], AllOf(StartsWith(std::string(kProgress) + "epoch=3, incarnation=77, seq=12, "),
                                HasSubstr("row_gtid='0-1-5', row_ordinal=2"), HasSubstr("writes=writes+1"),
                                HasSubstr(" AND epoch=3 AND incarnation=77 AND seq=10 AND writes=")));
  EXPECT_EQ(writes_[1], std::string(kUpsert) + "(1,'a'),(2,'b')" + kTail);
  EXPECT_EQ(writes_[2], "COMMIT");
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().row.seq, Seq(12));
  EXPECT_EQ(outcome<Applied>().rows, 2U);
  EXPECT_EQ(outcome<Applied>().counts.written, 2U);
  EXPECT_EQ(outcome<Applied>().offset, KafkaOffset(101));
  EXPECT_EQ(target_.progress().at("seq"), "12");
}

TEST_F(TheWriter, KeepsOnlyTheLastImageOfEachKeyDeletesFirst) {
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1).insert(1, "first").insert(2, "b").insert(3, "c").update(1, "first", "second");
  topic.erase(2, "b").update(1, "second", "last").erase(4, "d").end();
  take(topic.send());
  write();
  EXPECT_THAT(data(), ElementsAre("DELETE `shop`.`notes` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN (2,4)",
                                  std::string(kUpsert) + "(1,'last'),(3,'c')" + kTail));
  EXPECT_EQ(outcome<Applied>().rows, 7U);
}

TEST_F(TheWriter, ADeletedRowComesBackOnlyByALaterInsert) {
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).erase(1, "a").insert(1, "again").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'again')" + kTail));
}

TEST_F(TheWriter, KeysOfTwoTablesAreToldApart) {
  target_.add_table("others");
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1).insert(1, "a").table(notes_shape("others")).insert(1, "b").end();
  take(topic.send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'a')" + kTail,
                                  "INSERT INTO `shop`.`others` (`id`,`note`) VALUES (1,'b')" + std::string(kTail)));
}

TEST_F(TheWriter, KeysThatMayBeEqualAreNeitherMergedNorReordered) {
  target_.add_table("names", FakeTarget::Shape::kTextKey);
  stored_and_loaded(applied_up_to(0));
  TableShape names = notes_shape("names");
  names.key = {1};
  Topic topic;
  topic.table(names).transaction(1).insert(1, "abc").erase(1, "abc").insert(2, "ABC").insert(3, "b");
  topic.erase(2, "ABC").insert(4, "abc").end();
  take(topic.send());
  write();
  const std::string head = "INSERT INTO `shop`.`names` (`id`,`note`) VALUES ";
  const auto exactly = [](const std::string& key) {
    return "DELETE `shop`.`names` FROM `shop`.`names` FORCE INDEX (PRIMARY) WHERE (`note`='" + key +
           "' AND CAST(`note` AS BINARY)<=>CAST(CONVERT('" + key + "' USING utf8mb4) AS BINARY))";
  };
  const std::string tail = " ON DUPLICATE KEY UPDATE `id`=VALUES(`id`),`note`=VALUES(`note`)";
  EXPECT_THAT(data(), ElementsAre(head + "(1,'abc')" + tail, exactly("abc"), head + "(2,'ABC'),(3,'b')" + tail,
                                  exactly("ABC"), head + "(4,'abc')" + tail));
}

TEST_F(TheWriter, WhatIsContainedIsNotWritten) {
  stored_and_loaded(applied_up_to(0, 1, kEpoch));
  Topic topic;
  take(topic.transaction(1).insert(1, "old").transaction(2).insert(2, "new").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(2,'new')" + kTail));
  EXPECT_EQ(outcome<Applied>().rows, 1U);
  EXPECT_EQ(target_.progress().at("seq"), "2");
}

TEST_F(TheWriter, AWatermarkAloneIsATransactionToo) {
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10));
  write();
  ASSERT_THAT(writes_, ElementsAre(_, StartsWith("DELETE FROM farshore.told_doubt"), "COMMIT"));
  EXPECT_THAT(writes_[0], HasSubstr("origin_position='0-1-6'"));
  EXPECT_EQ(target_.progress().at("safe_time"), std::to_string(time_of(6).time_since_epoch().count()));
}

TEST_F(TheWriter, WhatTheOriginsRegionDoubtsIsWrittenWithTheSafeTimeOfIt) {
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10, {{.table = "shop.orders", .said_at = time_of(3)}}));
  write();
  EXPECT_THAT(writes_,
              ElementsAre(StartsWith(kProgress),
                          AllOf(StartsWith("DELETE FROM farshore.told_doubt"), HasSubstr("NOT IN ('shop.orders')")),
                          AllOf(StartsWith("INSERT INTO farshore.told_doubt"), HasSubstr("'shop.orders'")), "COMMIT"));
}

TEST_F(TheWriter, ASchemaWithoutTheTableOfDoubtsStopsThePartitionWithAWayOut) {
  target_.lack("farshore.told_doubt");
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10));
  write();
  EXPECT_EQ(target_.progress().at("state"), "stopped");
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("`farshorectl init`"));
}

TEST_F(TheWriter, ManyRowsGoInStatementsOfBoundedSize) {
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1);
  for (std::int64_t i = 0; i < 2500; ++i) topic.insert(i, "x");
  take(topic.end().send());
  write();
  EXPECT_THAT(data(), SizeIs(3));
  EXPECT_EQ(outcome<Applied>().counts.written, 2500U);
}

TEST_F(TheWriter, ARowAboveThePacketSaysWhichSettingToRaiseAndGoesThroughOnceItIsRaised) {
  target_.limit_packets(10'000);
  stored_and_loaded(applied_up_to(0));
  const std::string large(6'000, '\'');  // 12,000 bytes as a literal
  take(Topic().transaction(1).insert(1, large).end().send());
  write();
  ASSERT_TRUE(has_outcome<Suspended>());
  EXPECT_EQ(outcome<Suspended>().row.state, PartitionState::kStopped);
  EXPECT_THAT(outcome<Suspended>().row.reason, HasSubstr("max_allowed_packet is 10000: raise it"));
  EXPECT_THAT(data(), IsEmpty()) << "it is not even sent";
  target_.limit_packets(20'000);
  load();
  take(Topic().transaction(1).insert(1, large).end().send());
  write();
  EXPECT_TRUE(has_outcome<Applied>());
}

TEST_F(TheWriter, StatementsStayWithinThePacket) {
  target_.limit_packets(10'000);
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1);
  for (std::int64_t i = 0; i < 10; ++i) topic.insert(i, std::string(2'000, 'x'));
  take(topic.end().send());
  write();
  EXPECT_EQ(outcome<Applied>().counts.written, 10U);
  for (const std::string& statement : data()) EXPECT_LT(statement.size(), 10'000U);
}

// --- order groups

class AGroupIsWritten : public TheWriter {
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

// --- immutable tables

class AnImmutableTable : public TheWriter {
 protected:
  AnImmutableTable() {
    start({{.match = "shop.notes", .stream = "", .group = "", .entity = "", .merge = change::MergeRule::kImmutable}});
    stored_and_loaded(applied_up_to(0));
  }
  Topic topic_;
};

TEST_F(AnImmutableTable, TakesPlainInserts) {
  take(topic_.transaction(1).insert(1, "a").insert(2, "b").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'a'),(2,'b')"));
}

TEST_F(AnImmutableTable, TheSameContentAgainIsADuplicate) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1062, "Duplicate entry '1' for key 'PRIMARY'");
    if (statement.starts_with("SELECT 1 AND `id`<=>1")) return rows({"same"}, {{"1"}});
    return std::nullopt;
  });
  take(topic_.transaction(1).insert(1, "a").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.unchanged, 1U);
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 0U);
  EXPECT_FALSE(was_written("INSERT INTO farshore.conflict"));
}

TEST_F(AnImmutableTable, OtherContentUnderTheKeyIsAConflictWithBothImages) {
  target_.on_data([](const std::string& statement) -> std::optional<Reply> {
    if (statement.starts_with("INSERT")) return fails(1062, "Duplicate entry '1' for key 'PRIMARY'");
    if (statement.starts_with("SELECT 1 AND `id`<=>1")) return rows({"same"}, {{"0"}});
    if (statement.starts_with("SELECT JSON_OBJECT")) return rows({"image"}, {{R"({"id": 1, "note": "theirs"})"}});
    return std::nullopt;
  });
  take(topic_.transaction(1).insert(1, "ours").end().send());
  write();
  ASSERT_TRUE(has_outcome<Applied>());
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 1U);
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.conflict"), HasSubstr("theirs"),
                                      HasSubstr("ours"), HasSubstr("the key is there with other content"))));
}

TEST_F(AnImmutableTable, AnUpdateOrDeleteIsAConflict) {
  take(topic_.transaction(1).update(1, "a", "b").erase(2, "c").end().send());
  write();
  EXPECT_EQ(outcome<Applied>().counts.conflicts, 2U);
  EXPECT_FALSE(was_written("UPDATE `shop`"));
  EXPECT_FALSE(was_written("DELETE"));
}

// --- barriers

class ABarrier : public TheWriter {
 protected:
  ABarrier() {
    ProgressRow other = applied_up_to(4);
    other.key.partition = PartitionId(0);
    stored(other);
    stored_and_loaded(applied_up_to(10, 4));
  }
  void arrive(const change::EpochStart& start) {
    EXPECT_EQ(take(Topic(kNextEpoch).epoch_start(start)), Intake::Step::kBarrier);
    write();
    EXPECT_EQ(target_.progress().at("state"), "at-barrier");
  }
  void other_arrives() { target_.write_progress(0, {{"state", "at-barrier"}}); }
  bool entered() {
    return eventually([&] { return target_.progress().at("epoch") == "4"; });
  }
};

TEST_F(ABarrier, IsPassedWhenTheOtherPartitionArrivesInAnotherProcess) {
  change::EpochStart start = continuing_start(10);
  start.begins_at = position_after(6);
  arrive(start);
  tick();
  EXPECT_FALSE(has_outcome<EpochEntered>());
  EXPECT_EQ(target_.progress().at("epoch"), "3");
  other_arrives();
  ASSERT_TRUE(entered());
  EXPECT_TRUE(has_outcome<EpochEntered>());
  EXPECT_EQ(target_.progress().at("seq"), "0");
  EXPECT_EQ(target_.progress().at("state"), "applying");
  EXPECT_EQ(target_.progress().at("origin_position"), position_after(6));
  EXPECT_EQ(outcome<EpochEntered>().row.epoch, kNextEpoch);
}

TEST_F(ABarrier, NothingBehindItIsWrittenBefore) {
  arrive(continuing_start(10));
  (void)set_.open_slice(applied_up_to(10, 4));
  write();
  EXPECT_FALSE(has_outcome<Applied>());
  EXPECT_TRUE(has_outcome<Lost>());
}

TEST_F(ABarrier, EnteringItMakesTheRowsOfPartitionsThatTheEpochAddsSoThatTheGateMissesThem) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_[0], StartsWith(kProgress)) << "the marker is first";
  EXPECT_THAT(writes_[1], AllOf(StartsWith("INSERT INTO farshore.progress"), HasSubstr("'west','main',9,0,0,0,")));
  EXPECT_EQ(writes_[2], "COMMIT");
  const Fields added = target_.progress(9);
  EXPECT_EQ(added.at("safe_time"), "0");
  EXPECT_EQ(added.at("owner"), "");
  EXPECT_EQ(target_.progress(0).at("epoch"), "3") << "rows that are there stay as they are";
}

TEST_F(ABarrier, APartitionWhoseRowItMadeIsTakenOverAndPassesTheSameBarrierLater) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  load(9);
  EXPECT_EQ(target_.progress(9).at("owner"), "apply-1/0");
  EXPECT_EQ(target_.progress(9).at("epoch"), "0") << "nothing of it is applied yet";
  progress::PartitionKey key = partition_key();
  key.partition = PartitionId(9);
  EXPECT_EQ(take(Topic(kNextEpoch, 1, key).epoch_start(start)), Intake::Step::kBarrier);
  write();
  ASSERT_TRUE(eventually([&] { return target_.progress(9).at("epoch") == "4"; }));
}

TEST_F(ABarrier, ARowThatCannotBeMadeKeepsItClosedAndIsSaidOnce) {
  change::EpochStart start = continuing_start(10);
  start.partitions.push_back({"main", PartitionId(9), Seq(0)});
  target_.deny("INSERT INTO farshore.progress");
  other_arrives();
  arrive(start);
  const auto waits = [&] { return std::ranges::count_if(outcomes_, is<WaitsAtBarrier>); };
  ASSERT_TRUE(eventually([&] { return waits() > 0; }));
  EXPECT_EQ(target_.progress().at("epoch"), "3") << "both or neither";
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("it cannot be entered yet: 1142 command denied to user"));
  int said = 0;
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
       std::chrono::steady_clock::now() < until;) {
    tick();
    said += static_cast<int>(waits());
  }
  EXPECT_EQ(said, 0) << "once is enough";
  target_.deny("");
  ASSERT_TRUE(entered());
}

TEST_F(ABarrier, ThatStandsForAMomentSaysInItsRowForWhom) {
  arrive(continuing_start(10));
  ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("main/0 (is still before it) is not"));
  EXPECT_EQ(outcome<WaitsAtBarrier>().row.reason, target_.progress().at("reason"));
  EXPECT_THAT(writes_[0], StartsWith(kProgress));
  EXPECT_EQ(writes_[1], "COMMIT");
  other_arrives();
  ASSERT_TRUE(entered());
  EXPECT_EQ(target_.progress().at("reason"), "");
}

class AStatementsBarrier : public ABarrier {
 protected:
  AStatementsBarrier() {
    start_.statement = change::RowlessStatement{.text = "TRUNCATE notes", .tables = {"shop.notes"}, .gtid = "0-1-5"};
  }
  void stands() {
    other_arrives();
    arrive(start_);
    ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  }

  change::EpochStart start_ = continuing_start(10);
};

TEST_F(AStatementsBarrier, StaysUntilTheSameIsSaidToBeDoneHere) {
  stands();
  EXPECT_EQ(outcome<WaitsAtBarrier>().row.state, progress::PartitionState::kWaitingForStatement);
  EXPECT_EQ(target_.progress().at("state"), "waiting-for-statement");
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("`TRUNCATE notes`"));
  EXPECT_THAT(writes_, ElementsAre(StartsWith(kProgress), StartsWith("INSERT INTO farshore.statement"), "COMMIT", _))
      << "the marker is first";
  EXPECT_EQ(target_.statement()->at("table_names"), "shop.notes");
  tick();
  EXPECT_THAT(writes_, Not(Contains(StartsWith("INSERT")))) << "it is said once";
  target_.decide_statement("done");
  ASSERT_TRUE(entered());
  EXPECT_FALSE(was_written("INSERT INTO farshore.equality"));
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("DELETE FROM farshore.parked_first"), HasSubstr("epoch<4"),
                                      HasSubstr("IN ('shop.notes')"))))
      << "no row is as before what was held back";
}

TEST_F(AStatementsBarrier, ThatIsPassedOverLeavesItsTablesNotYetEqual) {
  stands();
  target_.decide_statement("skipped");
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_, Contains(AllOf(StartsWith("INSERT INTO farshore.equality"),
                                      HasSubstr("'west','main','shop.notes','not-yet-equal',4,88,"))));
}

TEST_F(AStatementsBarrier, IsKnownAgainAfterARestart) {
  stands();
  start();
  load();
  arrive(start_);
  ASSERT_TRUE(eventually([&] { return has_outcome<WaitsAtBarrier>(); }));
  target_.decide_statement("done");
  ASSERT_TRUE(entered());
}

TEST_F(ABarrier, ToTablesThatWereMissedLeavesThemNotYetEqual) {
  change::EpochStart start = continuing_start(10);
  start.missed_tables = {"shop.late"};
  other_arrives();
  arrive(start);
  ASSERT_TRUE(entered());
  EXPECT_THAT(writes_, Contains(HasSubstr("'shop.late','not-yet-equal',4,88,")));
}

TEST_F(ABarrier, EnteringItIsATransactionThatShowsAsMarker) {
  other_arrives();
  arrive(continuing_start(10));
  ASSERT_TRUE(entered());
  ASSERT_GE(writes_.size(), 2U);
  EXPECT_THAT(writes_[0], StartsWith(kProgress));
  EXPECT_EQ(writes_[1], "COMMIT");
}

}  // namespace
}  // namespace farshore::apply
