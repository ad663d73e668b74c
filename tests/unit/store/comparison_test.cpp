#include "store/comparison.hpp"

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using mysql::test::rows;
using ::testing::ElementsAre;

class AComparison : public test::OnAServer {};

TEST_F(AComparison, IsWrittenInPlaceOfTheOneBefore) {
  answer_all(ok(2));
  EXPECT_TRUE(write_comparison(connection_, "west",
                               {.origin = "east",
                                .stream = "main",
                                .began_at = SourceTime(std::chrono::microseconds(1'800'000'000'000'001)),
                                .why = "night",
                                .who = "cron@host"}));
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("REPLACE INTO farshore.comparison (region, origin, stream, began_us, why, who) VALUES "
                          "('west','east','main',1800000000000001,'night','cron@host')"));
}

TEST_F(AComparison, IsReadWithItsAgeByTheDatabasesClock) {
  answer_all(rows({"origin", "stream", "began_us", "why", "who", "age"},
                  {{"east", "main", "1800000000000001", "nightly", "cron@host", "-7"}}));
  const auto read = read_comparisons(connection_, "west");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at(0).stream, "main");
  EXPECT_EQ(read->at(0).began_at, SourceTime(std::chrono::microseconds(1'800'000'000'000'001)));
  EXPECT_EQ(read->at(0).age, std::chrono::microseconds(-7));
}

}  // namespace
}  // namespace farshore::store
