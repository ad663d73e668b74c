#include "binlog/held_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "made_events.hpp"

namespace farshore::binlog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Of MySQL, as recorded: GTID, BEGIN, TABLE_MAP, ROWS, ...
class Held : public testing::Test {
 protected:
  void take(const MadeEvent& event) {
    {
      const MadeEvent here = event;  // its bytes are gone when it is given
      held_.take(here.raw());
      if (!held_.is_holding()) drain();
    }
  }
  void drain() {
    while (const auto raw = held_.give()) {
      const std::string name(to_string(raw->header.type));
      given_.push_back(held_.rolled_back() ? "undone " + name : name);
      bytes_ += raw->body.size();
    }
    EXPECT_TRUE(held_.empty());
  }
  void begin() {
    take(made_mysql_gtid(1));
    take(made_query("BEGIN"));
    given_.clear();
  }
  void rows() {
    take(made_table_map(42));
    take(made_insert(42, 1));
  }

  HeldRows held_{ServerKind::kMysql};
  std::vector<std::string> given_;
  std::size_t bytes_ = 0;
};

TEST_F(Held, GivesATransactionsRowsWhenItsEndIsHere) {
  begin();
  rows();
  EXPECT_THAT(given_, IsEmpty());
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "XID"));
  given_.clear();
  begin();
  rows();
  take(made_query("COMMIT"));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY"));
}

TEST_F(Held, MarksTheRowsOfATransactionThatIsRolledBack) {
  begin();
  rows();
  take(made_query("CREATE TEMPORARY TABLE t (n INT)"));
  take(made_query("ROLLBACK"));
  EXPECT_THAT(given_, ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY", "undone QUERY"));
  given_.clear();
  begin();
  rows();
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "XID")) << "the next one is not";
}

TEST_F(Held, MarksTheRowsBehindASavepoint) {
  begin();
  rows();
  take(made_query("SAVEPOINT `a`"));
  rows();
  take(made_query("ROLLBACK TO `a`"));
  rows();
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY", "undone TABLE_MAP", "undone WRITE_ROWS",
                                  "undone QUERY", "TABLE_MAP", "WRITE_ROWS", "XID"));
}

TEST_F(Held, KnowsASavepointBeforeTheFirstRows) {
  begin();
  take(made_query("SAVEPOINT `a`"));
  given_.clear();
  rows();
  take(made_query("ROLLBACK TO `a`"));
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY", "XID"));
}

TEST_F(Held, MarksTheRowsBehindTheSavepointThatIsMeant) {
  begin();
  rows();
  take(made_query("SAVEPOINT `a`"));
  rows();
  take(made_query("SAVEPOINT `b`"));
  rows();
  take(made_query("ROLLBACK TO `B`"));
  rows();
  take(made_query("ROLLBACK TO `a`"));
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY", "undone TABLE_MAP", "undone WRITE_ROWS",
                                  "undone QUERY", "undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY",
                                  "undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY", "XID"));
}

TEST_F(Held, MarksNothingWhereAnotherSavepointMayBeMeant) {
  const std::pair<const char*, const char*> kNames[] = {{"`a`", "`A`"}, {"`a`", "`á`"}, {"`a`", "\"a\""}};
  for (const auto& [one, other] : kNames) {
    begin();
    take(made_query(std::string("SAVEPOINT ") + one));
    given_.clear();
    rows();
    take(made_query(std::string("SAVEPOINT ") + other));
    rows();
    take(made_query("ROLLBACK TO `a`"));
    take(made(EventType::kXid));
    EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY", "TABLE_MAP", "WRITE_ROWS", "QUERY", "XID"));
  }
}

TEST_F(Held, ForgetsTheSavepointsOfTheTransactionBefore) {
  begin();
  take(made_query("SAVEPOINT `a`"));
  rows();
  take(made(EventType::kXid));
  begin();
  rows();
  take(made_query("ROLLBACK TO `a`"));
  take(made(EventType::kXid));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY", "XID"));
}

TEST_F(Held, HoldsNoMoreThanItsLimitAndThenKnowsNothing) {
  begin();
  rows();
  take(made_query("SAVEPOINT `a`"));
  rows();
  take(made_query("ROLLBACK TO `a`"));
  EXPECT_TRUE(held_.is_holding());
  const std::string large(HeldRows::kBytesMax, 'x');
  bytes_ = 0;
  const MadeEvent last = made(EventType::kWriteRows, large);
  held_.take(last.raw());
  drain();
  EXPECT_GT(bytes_, large.size()) << "all that was held, and what did not fit";
  take(made_query("ROLLBACK"));
  EXPECT_THAT(given_, ElementsAre("TABLE_MAP", "WRITE_ROWS", "QUERY", "TABLE_MAP", "WRITE_ROWS", "QUERY", "WRITE_ROWS",
                                  "QUERY"));
  given_.clear();
  begin();
  rows();
  take(made_query("ROLLBACK"));
  EXPECT_THAT(given_, ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY")) << "of the next it does";
}

TEST_F(Held, MarksTheRowsOfATransactionThatBreaksOff) {
  for (const EventType next : {EventType::kGtid, EventType::kFormatDescription}) {
    begin();
    rows();
    take(made(next));
    EXPECT_THAT(given_, ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", to_string(next)));
    EXPECT_FALSE(held_.is_holding()) << "the decoder says what is wrong";
  }
}

TEST_F(Held, CountsNothingThatASettingAdds) {
  begin();
  rows();
  take(made(EventType::kRowsQuery, std::string(HeldRows::kBytesMax, 'x')));
  EXPECT_TRUE(held_.is_holding());
  take(made_query("ROLLBACK"));
  EXPECT_THAT(given_, ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", "undone ROWS_QUERY", "undone QUERY"));
}

TEST_F(Held, ForgetsTheSavepointsBehindTheOneThatIsMeant) {
  begin();
  take(made_query("SAVEPOINT `a`"));
  given_.clear();
  rows();
  take(made_query("SAVEPOINT `b`"));
  take(made_query("ROLLBACK TO `a`"));
  rows();
  take(made_query("SAVEPOINT `b`"));
  rows();
  take(made_query("ROLLBACK TO `b`"));
  take(made(EventType::kXid));
  EXPECT_THAT(given_,
              ElementsAre("undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY", "undone QUERY", "TABLE_MAP",
                          "WRITE_ROWS", "QUERY", "undone TABLE_MAP", "undone WRITE_ROWS", "undone QUERY", "XID"));
}

TEST_F(Held, PassesStatementsAndEventsOutsideOfTransactions) {
  take(made(EventType::kHeartbeat));
  take(made_mysql_gtid(1));
  take(made_query("CREATE TABLE t (id INT)"));
  take(made(EventType::kHeartbeat));
  EXPECT_THAT(given_, ElementsAre("HEARTBEAT", "GTID", "QUERY", "HEARTBEAT"));
}

}  // namespace
}  // namespace farshore::binlog
