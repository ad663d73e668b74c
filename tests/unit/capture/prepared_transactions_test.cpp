#include "capture/publish/prepared_transactions.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "change/limits.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kOne = "X'31',X''";
constexpr std::string_view kTwo = "X'32',X''";

class Prepared : public ::testing::Test {
 protected:
  void rows(const std::string& table, std::string body = "six_idrows") {
    binlog::TableMap map;
    map.schema = "shop";
    map.name = table;
    map.definition = "definition of " + table;
    map.captured = table != "log";
    binlog::RowsEvent event;
    event.table = &map;
    binlog::RawEvent raw;
    raw.header.type = binlog::EventType::kWriteRows;
    raw.body = body;
    prepared_.add_rows(event, raw);
  }
  void prepare(std::string_view xid) {
    prepared_.prepare(xid);
    prepared_.end();
  }
  void finish(std::string_view xid) {
    prepared_.begin();
    prepared_.finish(xid);
    prepared_.end();
  }
  /// Type and body of each event.
  static std::vector<std::string> events(const change::PreparedTransaction& one) {
    std::vector<std::string> out;
    for (KeptEvents kept(one.events); const auto raw = kept.next();)
      out.push_back(std::string(to_string(raw->header.type)) + " " + std::string(raw->body));
    return out;
  }

  PreparedTransactions prepared_;
};

TEST_F(Prepared, KeepsTheRowsOfCapturedTablesUntilTheEnd) {
  prepared_.begin();
  rows("orders");
  rows("log");
  EXPECT_EQ(prepared_.find(kOne), nullptr);
  prepare(kOne);
  ASSERT_NE(prepared_.find(kOne), nullptr);
  const change::PreparedTransaction one = *prepared_.find(kOne);
  EXPECT_THAT(one.tables, ElementsAre("shop.orders", "shop.log"));
  EXPECT_THAT(events(one),
              ElementsAre(std::string("TABLE_MAP six_id\0\0definition of orders", 38), "WRITE_ROWS six_idrows"));
  finish(kOne);
  EXPECT_THAT(prepared_.all(), IsEmpty());
}

TEST_F(Prepared, DoesNothingBeforeTheTransactionIsWhole) {
  prepared_.begin();
  rows("orders");
  prepare(kOne);
  prepared_.begin();
  prepared_.finish(kOne);
  EXPECT_EQ(prepared_.all().size(), 1U);
  prepared_.begin();
  prepared_.prepare(kTwo);
  EXPECT_EQ(prepared_.all().size(), 1U);
  prepared_.begin();
  prepared_.end();
  EXPECT_THAT(prepared_.all(), ElementsAre(*prepared_.find(kOne)));
}

TEST_F(Prepared, OfATransactionThatLostRowsOnlyTheTablesAreKnown) {
  prepared_.begin();
  rows("orders");
  prepared_.lose_rows();
  rows("accounts");
  EXPECT_THAT(prepared_.under_way().events, IsEmpty());
  prepare(kOne);
  EXPECT_THAT(prepared_.find(kOne)->tables, ElementsAre("shop.orders", "shop.accounts"));
  EXPECT_THAT(prepared_.find(kOne)->events, IsEmpty());
}

TEST_F(Prepared, KeepsNoMoreThanItsBound) {
  prepared_.begin();
  for (int i = 0; i < 5; ++i) rows("orders", std::string(change::kPreparedBytesMax / 5, 'x'));
  prepare(kOne);
  EXPECT_THAT(prepared_.find(kOne)->events, IsEmpty()) << "alone";
  prepared_.begin();
  rows("orders", std::string(change::kPreparedBytesMax / 2, 'x'));
  prepare(kOne);
  EXPECT_THAT(prepared_.find(kOne)->events, ::testing::Not(IsEmpty())) << "in the place of the one of that name";
  prepared_.begin();
  rows("orders", std::string(change::kPreparedBytesMax / 2, 'x'));
  prepare(kTwo);
  EXPECT_THAT(prepared_.find(kOne)->events, IsEmpty()) << "the older one gives way";
  EXPECT_THAT(prepared_.find(kOne)->tables, ElementsAre("shop.orders"));
  EXPECT_THAT(prepared_.find(kTwo)->events, ::testing::Not(IsEmpty()));
  EXPECT_LE(prepared_.bytes(), change::kPreparedBytesMax);
}

TEST_F(Prepared, KeepsNoMoreTransactionsThanItsBound) {
  for (std::size_t i = 0; i <= change::kPreparedMax; ++i) {
    prepared_.begin();
    prepare("X'" + std::to_string(i) + "',X''");
  }
  EXPECT_EQ(prepared_.all().size(), change::kPreparedMax);
  EXPECT_EQ(prepared_.find("X'0',X''"), nullptr) << "the oldest gives way";
  EXPECT_NE(prepared_.find("X'1',X''"), nullptr);
}

TEST_F(Prepared, GoesOnFromACheckpointAsIfItHadNotStopped) {
  prepared_.begin();
  rows("orders", std::string(change::kPreparedBytesMax / 2, 'x'));
  prepare(kOne);
  PreparedTransactions resumed(prepared_.all());
  std::swap(prepared_, resumed);
  prepared_.begin();
  rows("orders", std::string(change::kPreparedBytesMax / 2, 'x'));
  prepare(kTwo);
  EXPECT_THAT(prepared_.find(kOne)->events, IsEmpty());
  EXPECT_LE(prepared_.bytes(), change::kPreparedBytesMax);
}

TEST(KeptEvents, EndWhereTheBytesMakeNoSense) {
  KeptEvents cut(std::string_view("\x13\xFF\0\0\0body", 9));
  const auto event = cut.next();
  EXPECT_TRUE(!event || event->body.empty());
  EXPECT_FALSE(cut.next());
}

}  // namespace
}  // namespace farshore::capture
