#include "store/progress_store.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "unit/mysql/scripted_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::fails;
using mysql::test::ok;
using mysql::test::rows;
using mysql::test::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kNames{"origin",      "stream",          "part",     "epoch",       "incarnation",
                                      "seq",         "origin_position", "row_gtid", "row_ordinal", "safe_time",
                                      "commit_time", "writes",          "state",    "reason",      "owner"};

class TheStore : public ::testing::Test {
 protected:
  TheStore() : connection_(open()), store_(connection_, "east") {}
  mysql::Connection open() {
    auto connection = mysql::Connection::open(server_.endpoint(), {});
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  static ProgressRow some_row() {
    ProgressRow row;
    row.key = {"west", "main", PartitionId(3)};
    row.epoch = {Epoch(2), Incarnation(18'446'744'073'709'551'615U)};
    row.seq = Seq(9'000'000'000'000'000'000U);
    row.origin_position = "0-1-5";
    row.row_gtid = "0-1-6";
    row.row_ordinal = 4;
    row.safe_time = SourceTime(std::chrono::microseconds(1'700'000'000'000'001));
    row.commit_time = SourceTime(std::chrono::microseconds(1'700'000'000'000'002));
    row.writes = 41;
    row.owner = "it's me";
    return row;
  }
  ScriptedServer server_;
  mysql::Connection connection_;
  ProgressStore store_;
};

TEST_F(TheStore, ReadsARowAsTheTableHasIt) {
  server_.answer([](const std::string&) {
    return rows(kNames, {{"west", "main", "3", "2", "18446744073709551615", "9000000000000000000", "0-1-5", "0-1-6",
                          "4", "1700000000000001", "1700000000000002", "41", "hole", "seq 7 is missing", "apply-1"}});
  });
  const auto found = store_.find({"west", "main", PartitionId(3)});
  ASSERT_TRUE(found && *found);
  const ProgressRow& row = **found;
  EXPECT_EQ(row.key.to_string(), "west/main/3");
  EXPECT_EQ(row.epoch, some_row().epoch);
  EXPECT_EQ(row.seq, some_row().seq);
  EXPECT_EQ(row.origin_position, "0-1-5");
  EXPECT_EQ(row.row_gtid, "0-1-6");
  EXPECT_EQ(row.row_ordinal, 4);
  EXPECT_EQ(row.safe_time, some_row().safe_time);
  EXPECT_EQ(row.commit_time, some_row().commit_time);
  EXPECT_EQ(row.writes, 41U);
  EXPECT_EQ(row.state, PartitionState::kHole);
  EXPECT_EQ(row.reason, "seq 7 is missing");
  EXPECT_EQ(row.owner, "apply-1");
  EXPECT_THAT(server_.take_statements(),
              ElementsAre(HasSubstr("FROM farshore.progress WHERE region='east' AND origin='west' AND stream='main' "
                                    "AND part=3")));
}

TEST_F(TheStore, AStateThatItDoesNotKnowIsNotApplying) {
  server_.answer([](const std::string&) {
    return rows(kNames,
                {{"west", "main", "3", "2", "1", "5", "", "", "-1", "0", "0", "1", "of a later version", "", "", "0"}});
  });
  const auto found = store_.find({"west", "main", PartitionId(3)});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->state, PartitionState::kStopped);
}

TEST_F(TheStore, NoRowIsNoProgress) {
  server_.answer([](const std::string&) { return rows(kNames, {}); });
  const auto found = store_.find({"west", "main", PartitionId(3)});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_F(TheStore, LeavesTheSelfTestRowOut) {
  server_.answer([](const std::string&) { return rows(kNames, {}); });
  EXPECT_TRUE(store_.load());
  EXPECT_TRUE(store_.load_origin("west"));
  EXPECT_THAT(server_.take_statements(),
              ElementsAre(HasSubstr("WHERE region='east' AND part>=0 ORDER BY"),
                          HasSubstr("WHERE region='east' AND origin='west' AND part>=0 ORDER BY")));
}

TEST_F(TheStore, AdvancesOnlyTheRowThatItExpects) {
  server_.answer([](const std::string&) { return ok(1); });
  ProgressRow next = some_row();
  next.seq = next.seq.next();
  next.state = PartitionState::kAtBarrier;
  next.reason = "at the start of epoch 3: 'x'";
  EXPECT_EQ(store_.advance(some_row(), next), true);
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre("UPDATE farshore.progress SET epoch=2, incarnation=18446744073709551615, seq=9000000000000000001, "
                  "origin_position='0-1-5', row_gtid='0-1-6', row_ordinal=4, safe_time=1700000000000001, "
                  "commit_time=1700000000000002, writes=writes+1, state='at-barrier', "
                  "reason='at the start of epoch 3: \\'x\\'', owner='it\\'s me' WHERE region='east' AND origin='west' "
                  "AND stream='main' AND part=3 AND epoch=2 AND incarnation=18446744073709551615 AND "
                  "seq=9000000000000000000 AND writes=41"));
}

TEST_F(TheStore, SaysThatSomeoneElseHasWrittenTheRow) {
  server_.answer([](const std::string&) { return ok(0); });
  EXPECT_EQ(store_.advance(some_row(), some_row()), false);
}

TEST_F(TheStore, ARowThatIsThereStays) {
  server_.answer([](const std::string&) { return fails(1062, "Duplicate entry for key 'PRIMARY'"); });
  EXPECT_EQ(store_.insert_if_absent(some_row()), false);
  server_.answer([](const std::string&) { return ok(1); });
  EXPECT_EQ(store_.insert_if_absent(some_row()), true);
}

TEST_F(TheStore, AnErrorIsNoAnswer) {
  server_.answer([](const std::string&) { return fails(1205, "Lock wait timeout exceeded"); });
  const auto advanced = store_.advance(some_row(), some_row());
  ASSERT_FALSE(advanced);
  EXPECT_EQ(advanced.error().kind, mysql::SqlErrorKind::kLockWait);
  EXPECT_FALSE(store_.insert_if_absent(some_row()));
  EXPECT_FALSE(store_.find(some_row().key));
  EXPECT_FALSE(store_.load());
}

}  // namespace
}  // namespace farshore::store
