#include "progress/equality.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::progress {
namespace {

using testing::HasSubstr;
using testing::Not;

EqualityRow said(std::uint64_t id, std::string table, bool is_equal, std::string why = "compared") {
  return {.id = id,
          .origin = "east",
          .stream = "main",
          .table = std::move(table),
          .state = is_equal ? Equality::kEqual : Equality::kNotYetEqual,
          .why = std::move(why),
          .who = "someone",
          .said_at = {}};
}

std::string why(std::vector<EqualityRow> rows) { return why_not_equal(rows, "east", "main").value_or(""); }

TEST(Equality, OfAStreamOfWhichNobodySaidAnythingIsNotYet) {
  EXPECT_THAT(why({}), HasSubstr("`farshorectl equal declare --origin east --stream main`"));
  EqualityRow other = said(1, "", true);
  other.stream = "bulk";
  EXPECT_THAT(why({other}), HasSubstr("nobody has said"));
}

TEST(Equality, IsWhatWasSaidLast) {
  EXPECT_EQ(why({said(1, "", true)}), "");
  EXPECT_THAT(why({said(1, "", true), said(2, "", false, "origin reset")}), HasSubstr("origin reset"));
  EXPECT_EQ(why({said(3, "", true), said(2, "", false)}), "") << "whatever the order of the rows";
}

TEST(Equality, OfATableIsAskedBesideItsStreams) {
  const std::string one = why({said(1, "", true), said(2, "shop.b", false, "passed over"), said(3, "shop.a", false)});
  EXPECT_THAT(one, HasSubstr("shop.a, shop.b"));
  EXPECT_EQ(why({said(1, "", true), said(2, "shop.b", false), said(3, "shop.b", true)}), "");
  EXPECT_EQ(why({said(1, "shop.b", false), said(2, "", true)}), "") << "said of the stream later, so of it too";
  EXPECT_NE(why({said(1, "", false), said(2, "shop.b", true)}), "") << "one table is not all of them";
}

TEST(Equality, OfOneTableIsWhatWasSaidLastOfItOrOfItsStream) {
  const auto is_unequal = [](const std::vector<EqualityRow>& rows) {
    return is_said_unequal(rows, "east", "main", "shop.orders");
  };
  EXPECT_FALSE(is_unequal({})) << "nobody has said anything";
  EXPECT_FALSE(is_unequal({said(1, "", true)}));
  EXPECT_FALSE(is_unequal({said(1, "shop.orders", true)}));
  EXPECT_TRUE(is_unequal({said(1, "", true), said(2, "shop.orders", false)}));
  EXPECT_FALSE(is_unequal({said(1, "", true), said(2, "shop.items", false)}));
  EXPECT_FALSE(is_unequal({said(1, "shop.orders", false), said(2, "", true)}));
  EXPECT_TRUE(is_unequal({said(1, "shop.orders", true), said(2, "", false)}));
}

TEST(Equality, IsDoubtedAsTheOriginsOwnRegionDoubtsIt) {
  EqualityRow told = said(2, "shop.orders", false, "the region of east does not know");
  told.state = Equality::kToldUnequal;
  EXPECT_THAT(why({said(1, "", true), told}), HasSubstr("shop.orders (the region of east does not know)"));
  EXPECT_EQ(why({said(1, "", true), told, said(3, "shop.orders", true)}), "") << "what is said here later counts";
}

TEST(Equality, NamesAFewTablesOfMany) {
  std::vector<EqualityRow> rows{said(1, "", true)};
  for (int i = 0; i < 100; ++i) rows.push_back(said(2 + i, "shop.t" + std::to_string(100 + i), false));
  EXPECT_THAT(why(rows), HasSubstr("shop.t104 and 95 more"));
  EXPECT_THAT(why(rows), Not(HasSubstr("shop.t105")));
}

}  // namespace
}  // namespace farshore::progress
