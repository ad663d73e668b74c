#include "apply/work_set_transaction.hpp"

#include "base/fail_point.hpp"
#include "writing.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class OneTransaction : public Writing {};

TEST_F(OneTransaction, WritesOneTransactionWithTheProgressFirst) {
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

TEST_F(OneTransaction, ComparesAnAwaitedColumnBeforeTheFirstRowsOfATableThatHasIt) {
  stored_and_loaded(applied_up_to(10, 4));
  target_.await("note", "x");
  Topic topic(kEpoch, 11);
  take(topic.transaction(5).insert(1, "a").end().send());
  write();
  EXPECT_THAT(writes_,
              ElementsAre(StartsWith(kProgress), StartsWith(kUpsert),
                          AllOf(StartsWith("INSERT INTO farshore.equality"),
                                HasSubstr("'west','main','shop.notes','not-yet-equal',0,0,"),
                                HasSubstr("column note was added with"), HasSubstr("has the default NULL here")),
                          StartsWith("DELETE FROM farshore.added_column"), "COMMIT"));
  take(topic.transaction(6).insert(2, "b").end().send());
  write();
  EXPECT_FALSE(was_written("farshore.")) << "the table is as it was";
}

TEST_F(OneTransaction, LeavesAnAwaitedColumnThatIsNotHereYet) {
  stored_and_loaded(applied_up_to(10, 4));
  target_.await("late", "x");
  Topic topic(kEpoch, 11);
  take(topic.transaction(5).insert(1, "a").end().send());
  write();
  EXPECT_THAT(writes_, ElementsAre(StartsWith(kProgress), StartsWith(kUpsert), "COMMIT"));
}

TEST_F(OneTransaction, KeepsOnlyTheLastImageOfEachKeyDeletesFirst) {
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

TEST_F(OneTransaction, ADeletedRowComesBackOnlyByALaterInsert) {
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  take(topic.transaction(1).erase(1, "a").insert(1, "again").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'again')" + kTail));
}

TEST_F(OneTransaction, KeysOfTwoTablesAreToldApart) {
  target_.add_table("others");
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1).insert(1, "a").table(notes_shape("others")).insert(1, "b").end();
  take(topic.send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(1,'a')" + kTail,
                                  "INSERT INTO `shop`.`others` (`id`,`note`) VALUES (1,'b')" + std::string(kTail)));
}

TEST_F(OneTransaction, KeysThatMayBeEqualAreNeitherMergedNorReordered) {
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

TEST_F(OneTransaction, WhatIsContainedIsNotWritten) {
  stored_and_loaded(applied_up_to(0, 1, kEpoch));
  Topic topic;
  take(topic.transaction(1).insert(1, "old").transaction(2).insert(2, "new").end().send());
  write();
  EXPECT_THAT(data(), ElementsAre(std::string(kUpsert) + "(2,'new')" + kTail));
  EXPECT_EQ(outcome<Applied>().rows, 1U);
  EXPECT_EQ(target_.progress().at("seq"), "2");
}

TEST_F(OneTransaction, AWatermarkAloneIsATransactionToo) {
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10));
  write();
  ASSERT_THAT(writes_, ElementsAre(_, StartsWith("DELETE FROM farshore.told_doubt"), "COMMIT"));
  EXPECT_THAT(writes_[0], HasSubstr("origin_position='0-1-6'"));
  EXPECT_EQ(target_.progress().at("safe_time"), std::to_string(time_of(6).time_since_epoch().count()));
}

TEST_F(OneTransaction, WhatTheOriginsRegionDoubtsIsWrittenWithTheSafeTimeOfIt) {
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10, {{.table = "shop.orders", .said_at = time_of(3)}}));
  write();
  EXPECT_THAT(writes_,
              ElementsAre(StartsWith(kProgress),
                          AllOf(StartsWith("DELETE FROM farshore.told_doubt"), HasSubstr("NOT IN ('shop.orders')")),
                          AllOf(StartsWith("INSERT INTO farshore.told_doubt"), HasSubstr("'shop.orders'")), "COMMIT"));
}

TEST_F(OneTransaction, ASchemaWithoutTheTableOfDoubtsStopsThePartitionWithAWayOut) {
  target_.lack("farshore.told_doubt");
  stored_and_loaded(applied_up_to(10, 4));
  take(Topic().watermark(6, 10));
  write();
  EXPECT_EQ(target_.progress().at("state"), "stopped");
  EXPECT_THAT(target_.progress().at("reason"), HasSubstr("`farshorectl init`"));
}

TEST_F(OneTransaction, ManyRowsGoInStatementsOfBoundedSize) {
  stored_and_loaded(applied_up_to(0));
  Topic topic;
  topic.transaction(1);
  for (std::int64_t i = 0; i < 2500; ++i) topic.insert(i, "x");
  take(topic.end().send());
  write();
  EXPECT_THAT(data(), SizeIs(3));
  EXPECT_EQ(outcome<Applied>().counts.written, 2500U);
}

TEST_F(OneTransaction, ARowAboveThePacketSaysWhichSettingToRaiseAndGoesThroughOnceItIsRaised) {
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

TEST_F(OneTransaction, StatementsStayWithinThePacket) {
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

#ifdef FARSHORE_FAIL_POINTS
TEST_F(OneTransaction, HasAFailPointOnEachSideOfItsCommit) {
  stored_and_loaded(applied_up_to(0));
  take(Topic().transaction(1).insert(1, "a").end().send());
  std::vector<std::string> durable;
  const auto look = [&] { durable.push_back(target_.progress().at("seq")); };
  const ArmedFailPoint before("apply.before-commit", look);
  const ArmedFailPoint after("apply.after-commit", [&] {
    look();
    EXPECT_THAT(outcomes_, IsEmpty()) << "what is committed is not said yet";
  });
  write();
  EXPECT_THAT(durable, ElementsAre("0", "1"));
}
#endif

}  // namespace
}  // namespace farshore::apply
