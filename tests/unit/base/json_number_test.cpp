#include "base/json_number.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(JsonNumber, TheSameDocumentIsSpelledInManyWays) {
  EXPECT_TRUE(is_same_json(R"({"a": 1, "bb": [2.5, "é/"]})", R"( {"bb":[25e-1,"\u00e9\/"],"a":1.0} )"));
  EXPECT_TRUE(is_same_json("9007199254740993", "9007199254740993"));
  EXPECT_TRUE(is_same_json("null", " null"));
}

TEST(JsonNumber, OthersAreOthers) {
  EXPECT_FALSE(is_same_json("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(is_same_json(R"({"a": 1})", R"({"a": 1, "b": null})"));
  EXPECT_FALSE(is_same_json("[1, 2]", "[2, 1]"));
  EXPECT_FALSE(is_same_json(R"("1")", "1"));
  EXPECT_FALSE(is_same_json("[1]", "[1"));
  EXPECT_FALSE(is_same_json("[1]", ""));
}

TEST(JsonNumber, NoDepthIsTooDeep) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_FALSE(is_same_json("[1]", deep));
}

}  // namespace
}  // namespace farshore
