#include "store/write_block.hpp"

#include <gtest/gtest.h>

#include "unit/mysql/scripted_server.hpp"

namespace farshore::store {
namespace {

TEST(AWriteBlock, IsFoundUnderTheNameByWhichItIsShown) {
  mysql::test::ScriptedServer server;
  server.answer([](const std::string& statement) {
    using mysql::test::rows;
    if (!statement.starts_with("SELECT IS_USED_LOCK")) return mysql::test::ok();
    EXPECT_NE(statement.find("IS_USED_LOCK('" + block_name("west", WriteBlock::kReadOnly) + "')"), std::string::npos);
    return rows({"a", "b", "c", "d"}, {{std::nullopt, std::nullopt, "17", std::nullopt}});
  });
  auto connection = mysql::Connection::open(server.endpoint(), {});
  ASSERT_TRUE(connection);
  EXPECT_TRUE(show_block(*connection, "west", WriteBlock::kReadOnly));
  const auto found = read_block(*connection, "west");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, WriteBlock::kReadOnly);
  server.answer([](const std::string&) { return mysql::test::fails(1235, "no such locks here"); });
  EXPECT_FALSE(read_block(*connection, "west"));
}

TEST(AWriteBlock, HasANameOf64CharactersAtMost) {
  for (const WriteBlock block : {WriteBlock::kServerLock, WriteBlock::kProgressLock}) {
    EXPECT_LE(block_name(std::string(200, 'r'), block).size(), 64U);
    EXPECT_NE(block_name(std::string(200, 'r'), block), block_name(std::string(200, 's'), block));
  }
}

}  // namespace
}  // namespace farshore::store
