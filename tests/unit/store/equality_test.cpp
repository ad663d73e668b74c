#include "store/equality.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/doubts.hpp"

namespace farshore::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

EqualityRow word(std::uint64_t id, std::string table, Word word, std::string why = "compared") {
  return {.id = id,
          .origin = "east",
          .stream = "main",
          .table = std::move(table),
          .word = word,
          .why = std::move(why),
          .who = "someone",
          .said_at = {}};
}

EqualityRow said(std::uint64_t id, std::string table, bool is_equal, std::string why = "compared") {
  return word(id, std::move(table), is_equal ? Word::kEqual : Word::kNotYetEqual, std::move(why));
}

EqualityRow begun(std::uint64_t id, std::string table) { return word(id, std::move(table), Word::kBegun); }

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
    return last != nullptr && last->word == Word::kEqual;
  };
  EXPECT_FALSE(is_equal({}));
  EXPECT_TRUE(is_equal({said(1, "", true)}));
  EXPECT_TRUE(is_equal({said(1, "shop.orders", true)}));
  EXPECT_FALSE(is_equal({said(1, "", true), said(2, "shop.orders", false)}));
  EXPECT_TRUE(is_equal({said(1, "", true), said(2, "shop.items", false)}));
  EXPECT_TRUE(is_equal({said(1, "shop.orders", false), said(2, "", true)}));
  EXPECT_FALSE(is_equal({said(1, "shop.orders", true), said(2, "", false)}));
}

TEST(Equality, IsNotChangedByWhoBeginsToCompare) {
  EXPECT_EQ(why({said(1, "", true), begun(2, ""), begun(3, "shop.a")}), "");
  EXPECT_THAT(why({begun(1, "")}), HasSubstr("nobody has said"));
  EXPECT_NE(why({said(1, "", true), said(2, "shop.a", false), begun(3, "shop.a")}), "");
  EXPECT_THAT(why({said(1, "", true), said(2, "shop.a", false)}),
              HasSubstr("`farshorectl equal begin --origin east --stream main`"));
}

TEST(Equality, OneMoreDoubtSaysNothingNewUntilSomebodyBeginsToCompare) {
  const auto doubted = [](const std::vector<EqualityRow>& rows) {
    return is_doubted(rows, "east", "main", "shop.orders");
  };
  EXPECT_FALSE(doubted({}));
  EXPECT_FALSE(doubted({said(1, "", true)}));
  EXPECT_TRUE(doubted({said(1, "", false)}));
  EXPECT_TRUE(doubted({said(1, "", true), said(2, "shop.orders", false)}));
  EXPECT_FALSE(doubted({said(2, "shop.orders", false), begun(3, "shop.orders")}));
  EXPECT_FALSE(doubted({said(2, "shop.orders", false), begun(3, "")}));
  EXPECT_TRUE(doubted({said(2, "shop.orders", false), begun(3, "shop.items")}));
  EXPECT_TRUE(doubted({begun(1, "shop.orders"), said(2, "shop.orders", false)}));
}

using Ids = std::vector<std::uint64_t>;

std::string refusal(std::vector<EqualityRow> rows, std::string_view table, const Ids& compared = {},
                    std::vector<ToldDoubt> told = {}) {
  return why_not_declared(rows, told, "east", "main", table, compared).value_or("");
}

TEST(Declaration, CoversWhatWasDoubtedBeforeItsComparisonBegan) {
  EXPECT_EQ(refusal({}, ""), "") << "a first start: nothing was ever doubted";
  EXPECT_EQ(refusal({said(1, "", true)}, ""), "");
  EXPECT_THAT(refusal({said(1, "", false, "reset")}, ""),
              AllOf(HasSubstr("nobody has begun a comparison"), HasSubstr("(reset)"),
                    HasSubstr("`farshorectl equal begin --origin east --stream main --execute`")));
  EXPECT_EQ(refusal({said(1, "", false), begun(2, "")}, "", {2}), "");
  EXPECT_THAT(refusal({said(1, "", false), begun(2, ""), said(3, "shop.a", false, "passed over")}, "", {2}),
              AllOf(HasSubstr("after comparison 2 that someone began"), HasSubstr("shop.a (passed over)")));
  EXPECT_EQ(refusal({said(1, "shop.a", false), said(2, "shop.a", true)}, ""), "") << "settled since";
  EXPECT_EQ(refusal({said(1, "shop.a", false), said(2, "", true)}, "shop.a"), "");
}

TEST(Declaration, NamesItsComparisonAndNobodyElsesCounts) {
  const std::vector<EqualityRow> rows{said(1, "", true), begun(2, "shop.a"), said(3, "shop.a", false), begun(4, "")};
  EXPECT_THAT(refusal(rows, "shop.a"), AllOf(HasSubstr("--begun ID"), HasSubstr("4 of all tables, begun by someone"),
                                             HasSubstr("2 of shop.a, begun by someone")));
  EXPECT_THAT(refusal(rows, "shop.a", {2}), HasSubstr("after comparison 2 that someone began"));
  EXPECT_EQ(refusal(rows, "shop.a", {4}), "");
  EXPECT_EQ(refusal(rows, "", {4}), "");
  EXPECT_THAT(refusal(rows, "", {2}), AllOf(HasSubstr("4 of all"), Not(HasSubstr("2 of shop.a"))))
      << "one table's is not all of them's";
  EXPECT_NE(refusal(rows, "shop.a", {2, 4}), "") << "the first of them";
  EXPECT_NE(refusal(rows, "shop.a", {3}), "") << "a doubt is no beginning";
  EXPECT_THAT(refusal({said(1, "", false), begun(2, ""), said(3, "", true), said(4, "", false)}, ""),
              AllOf(HasSubstr("nobody has begun"), Not(HasSubstr("2 of"))))
      << "declared since";
}

TEST(Declaration, OfOneTableAsksForItsOwnAndItsStreamsDoubts) {
  EXPECT_EQ(refusal({said(1, "shop.a", false)}, "shop.b"), "");
  EXPECT_THAT(refusal({said(1, "shop.a", false)}, "shop.a"), HasSubstr("--table shop.a --execute`"));
  EXPECT_EQ(refusal({said(1, "shop.a", false), begun(2, "shop.a")}, "shop.a", {2}), "");
  EXPECT_EQ(refusal({said(1, "shop.a", false), begun(2, "")}, "shop.a", {2}), "");
  EXPECT_NE(refusal({said(1, "shop.a", false), begun(2, "shop.b")}, "shop.a", {2}), "");
  EXPECT_NE(refusal({begun(1, "shop.a"), said(2, "", false)}, "shop.a", {1}), "") << "of all tables is of it";
  EXPECT_NE(refusal({said(1, "shop.a", false), begun(2, "shop.a")}, "", {2}), "") << "one table is not all of them";
}

TEST(Declaration, CoversWhatTheOthersRegionToldBeforeItsComparisonBegan) {
  const ToldDoubt told{.partition = {"east", "main", PartitionId(3)}, .table = "shop.orders", .heard = 4};
  EXPECT_THAT(refusal({said(1, "", true)}, "", {}, {told}), HasSubstr("shop.orders by the region of east"));
  EXPECT_EQ(refusal({said(1, "", true), begun(5, "")}, "", {5}, {told}), "");
  EXPECT_NE(refusal({said(1, "", true), begun(5, "")}, "", {}, {told}), "");
  EXPECT_NE(refusal({said(1, "", true), begun(4, "")}, "", {4}, {told}), "") << "it was told after that";
  EXPECT_EQ(refusal({said(1, "", true)}, "shop.items", {}, {told}), "");
  EXPECT_EQ(refusal({said(5, "shop.orders", true)}, "shop.orders", {}, {told}), "") << "answered";
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

TEST(Doubts, AreToldOfATableWhoseOwnOrWhoseStreamsDoubtStands) {
  const auto told = [](const std::vector<EqualityRow>& rows) {
    return is_told_of(rows, "east", "main", "shop.orders");
  };
  EXPECT_FALSE(told({})) << "a first start";
  EXPECT_FALSE(told({said(1, "", true), said(2, "shop.items", false)}));
  EXPECT_TRUE(told({said(1, "", true), said(2, "shop.orders", false), begun(3, "")}));
  EXPECT_FALSE(told({said(1, "shop.orders", false), said(2, "", true)}));
  EXPECT_TRUE(told({said(1, "", false), said(2, "shop.orders", true)})) << "all of the stream's is told still";
}

TEST(Equality, NamesAFewTablesOfMany) {
  std::vector<EqualityRow> rows{said(1, "", true)};
  for (int i = 0; i < 100; ++i) rows.push_back(said(2 + i, "shop.t" + std::to_string(100 + i), false));
  EXPECT_THAT(why(rows), HasSubstr("shop.t104 and 95 more"));
  EXPECT_THAT(why(rows), Not(HasSubstr("shop.t105")));
}

}  // namespace
}  // namespace farshore::store
