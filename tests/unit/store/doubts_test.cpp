#include "store/doubts.hpp"

#include <array>

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ToldDoubts : public test::OnAServer {
 protected:
  const PartitionKey partition_{"west", "main", PartitionId(3)};
};

TEST_F(ToldDoubts, AreHeardBeforeOrAfterAPersonsWordAndNotBesideIt) {
  const std::array<change::Doubt, 1> doubts{{{.table = "shop.orders", .said_at = SourceTime()}}};
  server_.answer([](const std::string& statement) {
    return statement.starts_with("SELECT") ? mysql::test::rows({"n"}, {{"2"}}) : ok(1);
  });
  EXPECT_TRUE(write_told(connection_, "east", partition_, doubts));
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(AllOf(HasSubstr("FROM farshore.equality WHERE region='east' AND origin='west' AND "
                                  "stream='main'"),
                        HasSubstr("LOCK IN SHARE MODE")),
                  StartsWith("DELETE FROM farshore.told_doubt"), StartsWith("INSERT INTO farshore.told_doubt")));
}

TEST_F(ToldDoubts, ThatAreUnderWayAreWaitedForByTheFirstWordOfAll) {
  answer_all(mysql::test::rows({"n"}, {{"0"}}));
  EXPECT_TRUE(lock_equality(connection_, "east", "west", "main", true));
  EXPECT_THAT(server_.take_statements(), ElementsAre(EndsWith("FOR UPDATE"), HasSubstr("FROM farshore.progress")));
  EXPECT_TRUE(lock_equality(connection_, "east", "west", "main", false));
  answer_all(mysql::test::rows({"n"}, {{"1"}}));
  EXPECT_TRUE(lock_equality(connection_, "east", "west", "main", true));
  EXPECT_THAT(server_.take_statements(), ElementsAre(EndsWith("LOCK IN SHARE MODE"), EndsWith("FOR UPDATE")));
}

TEST_F(ToldDoubts, ThatAreGoneWaitForNobody) {
  answer_all(ok(1));
  EXPECT_TRUE(write_told(connection_, "east", partition_, {}));
  EXPECT_THAT(server_.take_statements(), ElementsAre(StartsWith("DELETE FROM farshore.told_doubt")));
}

TEST_F(ToldDoubts, AreNotTheOnlyOnesWhoseSayersShareALock) {
  server_.answer([](const std::string& statement) {
    return statement.starts_with("SELECT") ? mysql::test::rows({"n"}, {}) : ok(1);
  });
  EqualityRow row;
  row.origin = "west";
  row.stream = "main";
  const auto is_shared = AllOf(HasSubstr("FROM farshore.equality WHERE region='east' AND origin='west' AND "
                                         "stream='main'"),
                               EndsWith("LOCK IN SHARE MODE"));
  const auto is_added = StartsWith("INSERT INTO farshore.equality");
  for (const Word word : {Word::kNotYetEqual, Word::kBegun, Word::kEqual}) {
    row.word = word;
    (void)add_equality(connection_, "east", row);
    const auto statements = server_.take_statements();
    if (word != Word::kNotYetEqual) {
      EXPECT_THAT(statements, ElementsAre(is_added)) << "a person's command has locked it";
      continue;
    }
    EXPECT_THAT(statements, ElementsAre(is_shared, is_added));
    (void)add_equality_once(connection_, "east", row, EpochId());
    EXPECT_THAT(server_.take_statements(), ElementsAre(is_shared, is_added));
  }
}

/// What a region tells the others of its doubt of one table.
class ARegionsDoubts : public test::OnAServer {
 protected:
  /// `mismatch_us`: when a change found another row there last.
  change::Doubts told(std::int64_t mismatch_us) {
    server_.answer([=](const std::string& statement) {
      if (statement.contains("farshore.mismatch")) {
        return mysql::test::rows({"origin", "stream", "table", "last"},
                                 {{"west", "main", "shop.orders", std::to_string(mismatch_us)}});
      }
      return mysql::test::rows(
          {"id", "origin", "stream", "table", "state", "why", "who", "said", "us"},
          {{"7", "west", "main", "shop.orders", "not-yet-equal", "another row", "apply", "then", "1000000"}});
    });
    const auto doubts = read_doubts(connection_, "east", false);
    EXPECT_TRUE(doubts);
    return doubts.value_or(change::Doubts());
  }
  static SourceTime at(std::int64_t us) { return SourceTime(std::chrono::microseconds(us)); }
};

TEST_F(ARegionsDoubts, AreAsNewAsTheLastChangeThatFoundAnotherRow) {
  const change::Doubts doubts = told(5'000'000);
  ASSERT_TRUE(doubts.contains("main"));
  ASSERT_EQ(doubts.at("main").size(), 1U);
  EXPECT_EQ(doubts.at("main")[0].said_at, at(5'000'000));
  EXPECT_THAT(server_.take_statements(), ::testing::Contains(HasSubstr("kind='closing'")))
      << "by the rule that the table had then, not by the one of now";
}

TEST_F(ARegionsDoubts, AreNeverOlderThanTheirWord) { EXPECT_EQ(told(10).at("main")[0].said_at, at(1'000'000)); }

}  // namespace
}  // namespace farshore::store
