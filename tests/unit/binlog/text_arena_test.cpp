#include "binlog/text_arena.hpp"

#include <gtest/gtest.h>

namespace farshore::binlog {
namespace {

constexpr std::size_t kHuge = 30 << 20;

TEST(TextArena, lets_a_huge_first_text_go) {
  TextArena arena;
  (void)arena.copy(std::string(kHuge, 'x'));
  arena.reset();
  EXPECT_LE(arena.bytes(), 2 * TextArena::kKeepBytesMax);
  EXPECT_EQ(arena.copy("next"), "next");
}

TEST(TextArena, lets_a_huge_scratch_go) {
  TextArena arena;
  (void)arena.copy("small");
  arena.scratch().assign(kHuge, 'x');
  arena.reset();
  EXPECT_LE(arena.bytes(), 2 * TextArena::kKeepBytesMax);
}

TEST(TextArena, keeps_the_memory_of_ordinary_rows) {
  TextArena arena;
  for (int i = 0; i < 100; ++i) (void)arena.copy(std::string(1000, 'x'));
  arena.reset();
  const std::size_t kept = arena.bytes();
  EXPECT_GE(kept, 100'000U);
  for (int i = 0; i < 100; ++i) (void)arena.copy(std::string(1000, 'x'));
  arena.reset();
  EXPECT_EQ(arena.bytes(), kept);
}

}  // namespace
}  // namespace farshore::binlog
