#include "apply/key_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace farshore::apply {
namespace {

using namespace std::string_view_literals;

TEST(AKeyMap, GivesTheNumberThatAKeyCameWithFirst) {
  KeyMap map;
  EXPECT_EQ(map.find_or_add(0, "a", 10), 10U);
  EXPECT_EQ(map.find_or_add(0, "a", 11), 10U);
  EXPECT_EQ(map.size(), 1U);
}

TEST(AKeyMap, ANumberCanBeReplaced) {
  KeyMap map;
  map.find_or_add(0, "a", 10) = 12;
  EXPECT_EQ(map.find_or_add(0, "a", 0), 12U);
}

TEST(AKeyMap, TheSameKeyOfAnotherTableIsAnotherKey) {
  KeyMap map;
  EXPECT_EQ(map.find_or_add(0, "a", 1), 1U);
  EXPECT_EQ(map.find_or_add(1, "a", 2), 2U);
  EXPECT_EQ(map.find_or_add(0, "a", 3), 1U);
}

TEST(AKeyMap, KeysAreBytes) {
  KeyMap map;
  EXPECT_EQ(map.find_or_add(0, ""sv, 1), 1U);
  EXPECT_EQ(map.find_or_add(0, "\0"sv, 2), 2U);
  EXPECT_EQ(map.find_or_add(0, "a\0b"sv, 3), 3U);
  EXPECT_EQ(map.find_or_add(0, "a\0c"sv, 4), 4U);
  EXPECT_EQ(map.find_or_add(0, "a"sv, 5), 5U);
  EXPECT_EQ(map.find_or_add(0, "A"sv, 6), 6U);
}

TEST(AKeyMap, AgreesWithAnOrdinaryMapWhileItGrowsAndAfterClear) {
  std::mt19937_64 random(42);
  KeyMap map;
  for (int round = 0; round < 3; ++round) {
    std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> expected;
    for (std::uint32_t i = 0; i < 50'000; ++i) {
      const auto space = static_cast<std::uint32_t>(random() % 3);
      const std::string key = "key " + std::to_string(random() % 30'000);
      const std::uint32_t wanted = expected.try_emplace({space, key}, i).first->second;
      ASSERT_EQ(map.find_or_add(space, key, i), wanted) << space << " " << key;
    }
    EXPECT_EQ(map.size(), expected.size());
    map.clear();
    EXPECT_EQ(map.size(), 0U);
  }
}

}  // namespace
}  // namespace farshore::apply
