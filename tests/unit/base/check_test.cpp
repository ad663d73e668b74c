#include "base/check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/numbers.hpp"

namespace farshore {
namespace {

enum class Kind : std::uint8_t { kFirst, kSecond };

class CheckDeathTest : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(CheckDeathTest, SaysWhatWasNotSoAndWhere) {
  EXPECT_DEATH(FARSHORE_CHECK(1 + 1 == 3),
               R"(a bug: '1 \+ 1 == 3' is not so in .*\(tests/unit/base/check_test\.cpp:[0-9]+\))");
}

TEST_F(CheckDeathTest, SaysTheValues) {
  const Seq seq(7);
  const std::string table = "shop.orders";
  EXPECT_DEATH(FARSHORE_CHECK(seq == Seq(8), seq, table, Kind::kSecond, -1, false),
               R"(\(seq, table, Kind::kSecond, -1, false\) = \(7, 'shop\.orders', 1, -1, false\))");
}

TEST_F(CheckDeathTest, SaysWhatTheThreadHasAtHand) {
  const AtHand outer([] { return std::string("partition west/main/3"); });
  const AtHand inner([] { return std::string("seq 12"); });
  EXPECT_DEATH(FARSHORE_CHECK(false), "at hand: seq 12; partition west/main/3");
}

TEST(Check, CostsNothingThatIsNotAskedFor) {
  int evaluated = 0;
  const auto count = [&] { return ++evaluated; };
  const AtHand at_hand([&] { return std::to_string(count()); });
  FARSHORE_CHECK(true, count());
  EXPECT_EQ(evaluated, 0);
}

TEST(Check, NothingIsAtHandAfterItsScope) {
  {
    const AtHand at_hand([] { return std::string("seq 12"); });
    EXPECT_EQ(AtHandLink::describe_all(), "seq 12");
  }
  EXPECT_EQ(AtHandLink::describe_all(), "");
}

}  // namespace
}  // namespace farshore
