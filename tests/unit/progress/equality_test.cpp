#include "progress/equality.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "progress/doubts.hpp"

namespace farshore::progress {
namespace {

using testing::HasSubstr;
using testing::Not;

EqualityRow said(std::uint64_t id, std::string table, bool is_equal, std::string why = "compared") {
  return {.id = id,
          .origin = "east",
          .stream = "main",
          .table = std::move(table),
          .is_equal = is_equal,
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
  const auto is_equal = [](const std::vector<EqualityRow>& rows) {
    const EqualityRow* const last = last_said(rows, "east", "main", "shop.orders");
    return last != nullptr && last->is_equal;
  };
  EXPECT_FALSE(is_equal({}));
  EXPECT_TRUE(is_equal({said(1, "", true)}));
  EXPECT_TRUE(is_equal({said(1, "shop.orders", true)}));
  EXPECT_FALSE(is_equal({said(1, "", true), said(2, "shop.orders", false)}));
  EXPECT_TRUE(is_equal({said(1, "", true), said(2, "shop.items", false)}));
  EXPECT_TRUE(is_equal({said(1, "shop.orders", false), said(2, "", true)}));
  EXPECT_FALSE(is_equal({said(1, "shop.orders", true), said(2, "", false)}));
}

TEST(Doubts, CountUntilTheSameIsSaidToBeEqualHere) {
  const ToldDoubt orders{.partition = {"east", "main", PartitionId(3)}, .table = "shop.orders", .heard = 4};
  const auto why = [&](std::vector<EqualityRow> rows, std::string_view stream = "main") {
    return why_doubted(std::span(&orders, 1), rows, "east", stream).value_or("");
  };
  EXPECT_THAT(why({said(1, "", true)}), HasSubstr("shop.orders (`farshorectl equal list` there"));
  EXPECT_NE(why({said(4, "shop.orders", true)}), "") << "said before it was told";
  EXPECT_EQ(why({said(1, "", true), said(5, "shop.orders", true)}), "");
  EXPECT_EQ(why({said(5, "", true)}), "") << "of the whole stream";
  EXPECT_NE(why({said(5, "", true), said(6, "shop.orders", false)}), "");
  EXPECT_NE(why({said(5, "shop.items", true)}), "");
  EXPECT_EQ(why({}, "bulk"), "") << "another stream's";
}

TEST(Equality, NamesAFewTablesOfMany) {
  std::vector<EqualityRow> rows{said(1, "", true)};
  for (int i = 0; i < 100; ++i) rows.push_back(said(2 + i, "shop.t" + std::to_string(100 + i), false));
  EXPECT_THAT(why(rows), HasSubstr("shop.t104 and 95 more"));
  EXPECT_THAT(why(rows), Not(HasSubstr("shop.t105")));
}

}  // namespace
}  // namespace farshore::progress
