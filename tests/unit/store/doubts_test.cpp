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

}  // namespace
}  // namespace farshore::store
