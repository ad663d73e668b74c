#include "base/shell_word.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(AShellWord, IsQuotedWhereAShellWouldReadMoreThanText) {
  EXPECT_EQ(shell_word("shop.orders"), "shop.orders");
  EXPECT_EQ(shell_word("/etc/farshore/east-1.yaml"), "/etc/farshore/east-1.yaml");
  EXPECT_EQ(shell_word("shop.odd name$x"), "'shop.odd name$x'");
  EXPECT_EQ(shell_word("shop.it's"), "'shop.it'\\''s'");
  EXPECT_EQ(shell_word("shop.größe"), "'shop.größe'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace farshore
