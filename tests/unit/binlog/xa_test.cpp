// XA transactions as the servers log them: their rows at XA PREPARE, their end in another transaction.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "recorded.hpp"

namespace farshore::binlog {
namespace {

using testing::ElementsAre;

class Xa : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Servers, Xa, testing::Values("mysql", "mariadb"),
                         [](const auto& tested) { return std::string(tested.param); });

/// A transaction's events in a word each, up to its end.
std::string next_transaction(Playback& playback) {
  std::string words;
  for (Event event = playback.next(); event.kind != Event::Kind::kNone; event = playback.next()) {
    const std::string xid(event.xid);
    switch (event.kind) {
      case Event::Kind::kNone:
      case Event::Kind::kBegin: break;
      case Event::Kind::kRows: words += event.rows.of_xa ? "row " : "own row "; break;
      case Event::Kind::kStatement: words += "statement "; break;
      case Event::Kind::kRollback: words += "rollback "; break;
      case Event::Kind::kCommit: words += "commit"; break;
      case Event::Kind::kPrepare: words += "prepare " + xid; break;
      case Event::Kind::kXaCommit: words += "commit " + xid; break;
      case Event::Kind::kXaRollback: words += "rollback " + xid; break;
    }
    if (event.ends_transaction) return words;
  }
  return words;
}

TEST_P(Xa, IsPreparedWithItsRowsAndEndsByItsName) {
  const bool is_mysql = std::string(GetParam()) == "mysql";
  Playback playback(std::string(GetParam()) + "-xa.binlog");
  std::vector<std::string> transactions;
  for (std::string words = next_transaction(playback); !words.empty(); words = next_transaction(playback))
    transactions.push_back(words);
  const std::string done = "X'646f6e65',X'6272616e6368'";
  const std::string undone = "X'756e646f6e65',X''";
  const std::string odd = "X'00ff2c27',X'5c'";
  EXPECT_THAT(transactions,
              ElementsAre("statement ", "statement ", "row row prepare " + done, "commit " + done,
                          "row prepare " + undone, "rollback " + undone, is_mysql ? "row prepare " : "own row commit",
                          "row prepare " + odd, "commit " + odd));
}

}  // namespace
}  // namespace farshore::binlog
