#include "capture/source/source_history.hpp"

#include <gmock/gmock.h>

#include "capture/source/transaction_digest.hpp"
#include "unit/gtid_literal.hpp"

namespace farshore::capture {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

Gtid gtid(std::uint64_t number, std::uint32_t server = 101) {
  return {.kind = ServerKind::kMariadb, .domain = 1, .server_id = server, .number = number};
}
OriginPosition position(const std::string& text) { return OriginPosition::parse(text).value(); }

std::uint64_t digest_of(std::string_view body) {
  TransactionDigest digest;
  digest.add_rows(0, body);
  return digest.value();
}

TEST(TransactionDigest, DependsOnOperationContentAndOrder) {
  TransactionDigest digest;
  const auto of = [&](auto... parts) {
    digest.reset();
    (digest.add_rows(static_cast<std::uint8_t>(parts.first), parts.second), ...);
    return digest.value();
  };
  const auto same = of(std::pair(1, "ab"), std::pair(2, "c"));
  EXPECT_EQ(same, of(std::pair(1, "ab"), std::pair(2, "c")));
  EXPECT_NE(same, of(std::pair(2, "c"), std::pair(1, "ab")));
  EXPECT_NE(same, of(std::pair(1, "ab"), std::pair(1, "c")));
  EXPECT_NE(same, of(std::pair(1, "ab")));
  digest.reset();
  digest.add_statement("ab");
  const auto statement = digest.value();
  EXPECT_NE(statement, of(std::pair(0, "ab")));
}

TEST(SourceHistory, FollowsPositionAndTheOneBefore) {
  SourceHistory history(position("1-101-10"), std::nullopt);
  EXPECT_FALSE(history.repeating());
  EXPECT_FALSE(history.last());
  ASSERT_FALSE(history.begin(gtid(11), SourceTime(seconds(5))));
  history.add_rows(0, "rows");
  EXPECT_EQ(history.position(), position("1-101-10"));
  ASSERT_FALSE(history.end());
  ASSERT_FALSE(history.begin(gtid(12), SourceTime(seconds(6))));
  ASSERT_FALSE(history.end());
  EXPECT_EQ(history.position(), position("1-101-12"));
  EXPECT_EQ(history.position_before_last(), position("1-101-11"));
  ASSERT_TRUE(history.last());
  EXPECT_EQ(history.last()->gtid, "1-101-12"_gtid);
  EXPECT_EQ(history.last()->commit_time, SourceTime(seconds(6)));
}

TEST(SourceHistory, TakesTheLastTransactionOnceMoreAfterARestart) {
  const change::LastTransaction last{
      .gtid = "1-101-11"_gtid, .commit_time = SourceTime(seconds(5)), .digest = digest_of("rows")};
  SourceHistory history(position("1-101-10"), last);
  EXPECT_TRUE(history.repeating());
  ASSERT_FALSE(history.begin(gtid(11), SourceTime(seconds(5))));
  history.add_rows(0, "rows");
  ASSERT_FALSE(history.end());
  EXPECT_FALSE(history.repeating());
  EXPECT_EQ(history.position(), position("1-101-11"));
  EXPECT_EQ(history.position_before_last(), position("1-101-10"));
  EXPECT_EQ(history.last(), last);
}

TEST(SourceHistory, TellsAnotherContentUnderTheSameGtid) {
  const change::LastTransaction last{
      .gtid = "1-101-11"_gtid, .commit_time = SourceTime(seconds(5)), .digest = digest_of("rows")};
  SourceHistory history(position("1-101-10"), last);
  ASSERT_FALSE(history.begin(gtid(11), SourceTime(seconds(5))));
  history.add_rows(0, "ROWS");
  EXPECT_THAT(history.end().value_or(""), HasSubstr("history differs"));
}

TEST(SourceHistory, TellsAnotherCommitTimeUnderTheSameGtid) {
  const change::LastTransaction last{
      .gtid = "1-101-11"_gtid, .commit_time = SourceTime(seconds(5)), .digest = digest_of("rows")};
  SourceHistory history(position("1-101-10"), last);
  ASSERT_FALSE(history.begin(gtid(11), SourceTime(seconds(6))));
  history.add_rows(0, "rows");
  EXPECT_THAT(history.end().value_or(""), HasSubstr("history differs"));
}

TEST(SourceHistory, TellsAnotherTransactionInItsPlace) {
  SourceHistory history(position("1-101-10"), change::LastTransaction{.gtid = "1-101-11"_gtid, .commit_time = {}});
  EXPECT_THAT(history.begin(gtid(11, 102), SourceTime{}).value_or(""), HasSubstr("history differs"));
}

TEST(SourceHistory, RefusesWhatBelongsBeforeWhatWasRead) {
  SourceHistory history(position("1-102-20000"), std::nullopt);
  EXPECT_THAT(history.begin(gtid(15000), SourceTime{}).value_or(""), HasSubstr("errant"));
  SourceHistory mysql(position("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7"), std::nullopt);
  EXPECT_THAT(mysql.begin(*Gtid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:6"), SourceTime{}).value_or(""),
              HasSubstr("errant"));
  EXPECT_FALSE(mysql.begin(*Gtid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:8"), SourceTime{}));
}

}  // namespace
}  // namespace farshore::capture
