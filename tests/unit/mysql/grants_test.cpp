#include "mysql/grants.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "scripted_server.hpp"

namespace farshore::mysql {
namespace {

using test::fails;
using test::rows;
using testing::Contains;

TEST(Grants, ARightIsFoundByItsWholeName) {
  const Grants grants("'a'@'%'",
                      {"GRANT SELECT, REPLICATION CLIENT ON *.* TO `a`@`%`", "GRANT INSERT ON `shop`.* TO `a`@`%`"});
  EXPECT_TRUE(grants.has("SELECT"));
  EXPECT_TRUE(grants.has("REPLICATION CLIENT"));
  EXPECT_FALSE(grants.has("CLIENT"));
  EXPECT_FALSE(grants.has("REPLICATION"));
  EXPECT_FALSE(grants.has("INSERT")) << "not everywhere";
}

TEST(Grants, ARightOnASchemaIsGivenThereOrEverywhere) {
  const Grants grants("'a'@'%'", {"GRANT SELECT ON *.* TO `a`@`%`", "GRANT INSERT, UPDATE ON `shop\\_1`.* TO `a`@`%`",
                                  "GRANT DELETE ON `shop_1`.`orders` TO `a`@`%`"});
  EXPECT_TRUE(grants.has("SELECT", "shop_1"));
  EXPECT_TRUE(grants.has("UPDATE", "shop_1"));
  EXPECT_FALSE(grants.has("UPDATE", "shop"));
  EXPECT_FALSE(grants.has("DELETE", "shop_1")) << "a table is not its schema";
  EXPECT_TRUE(grants.has_of_tables("shop_1"));
  EXPECT_FALSE(grants.has_of_tables("shop"));
}

TEST(Grants, ARightOnATableIsGivenThereWithAllOfItsColumns) {
  const Grants grants("'a'@'%'",
                      {"GRANT USAGE ON *.* TO `a`@`%`", "GRANT SELECT, INSERT (`id`) ON `shop`.`orders` TO `a`@`%`",
                       "GRANT SELECT (`a`, `id`), UPDATE ON `shop`.`items` TO `a`@`%`",
                       "GRANT UPDATE (`x, SELECT, y`, ` ON ``t``.`) ON `shop`.`odd``.``name` TO `a`@`%`",
                       "GRANT ALL PRIVILEGES ON `crm`.`people` TO `a`@`%`"});
  EXPECT_TRUE(grants.has("SELECT", "shop", "orders"));
  EXPECT_FALSE(grants.has("INSERT", "shop", "orders")) << "on a column alone";
  EXPECT_FALSE(grants.has("SELECT", "shop", "items")) << "on columns alone";
  EXPECT_TRUE(grants.has("UPDATE", "shop", "items"));
  EXPECT_FALSE(grants.has("SELECT", "shop", "odd`.`name"));
  EXPECT_TRUE(grants.has_of_tables("shop"));
  EXPECT_TRUE(grants.has("SELECT", "crm", "people"));
  EXPECT_FALSE(grants.has("SELECT", "crm"));
}

TEST(Grants, APatternOfSchemasCounts) {
  const Grants grants("'a'@'%'", {"GRANT SELECT ON `test\\_%`.* TO `a`@`%`", "GRANT INSERT ON `shop_`.* TO `a`@`%`"});
  EXPECT_TRUE(grants.has("SELECT", "test_1"));
  EXPECT_FALSE(grants.has("SELECT", "testing"));
  EXPECT_TRUE(grants.has("INSERT", "shop1"));
  EXPECT_FALSE(grants.has("INSERT", "shop"));
  EXPECT_FALSE(grants.has("SELECT"));
}

TEST(Grants, ARightThatIsRevokedOfASchemaIsHadElsewhere) {
  const Grants grants("'a'@'%'", {"GRANT SELECT, INSERT ON *.* TO `a`@`%`", "REVOKE INSERT ON `mysql`.* FROM `a`@`%`"});
  EXPECT_TRUE(grants.has("INSERT", "shop"));
  EXPECT_TRUE(grants.has("SELECT", "mysql"));
  EXPECT_FALSE(grants.has("INSERT", "mysql"));
}

TEST(Grants, ARightEverywhereIsRevokedOfNoSchemaButTheServersOwn) {
  const std::string everywhere = "GRANT SELECT, REFERENCES ON *.* TO `a`@`%`";
  const Grants own("'a'@'%'", {everywhere, "REVOKE SELECT ON `mysql`.* FROM `a`@`%`"});
  EXPECT_TRUE(own.has("SELECT"));
  const Grants hides("'a'@'%'", {everywhere, "REVOKE SELECT ON `hr`.* FROM `a`@`%`"});
  EXPECT_FALSE(hides.has("SELECT"));
  EXPECT_TRUE(hides.has("REFERENCES"));
  EXPECT_TRUE(hides.has("SELECT", "shop"));
  EXPECT_FALSE(hides.has("SELECT", "hr"));
}

TEST(Grants, ARevokedRightIsNone) {
  EXPECT_FALSE(
      Grants("'a'@'%'", {"REVOKE SELECT ON *.* FROM `a`@`%`", "GRANT PROXY ON ``@`` TO `a`@`%`"}).has("SELECT"));
}

class GrantsOfAServer : public testing::Test {
 protected:
  Connection open() {
    auto connection = Connection::open(server_.endpoint(), {});
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  Grants read(const std::string& user, const std::string& role, const std::string& mariadb) {
    server_.answer([=](const std::string& statement) {
      if (statement.starts_with("SHOW GRANTS")) return rows({"g"}, {{"GRANT SELECT ON *.* TO `a`@`%`"}});
      return rows({"u", "r", "m"}, {{user, role, mariadb}});
    });
    auto grants = Grants::read(connection_);
    EXPECT_TRUE(grants);
    return *grants;
  }
  test::ScriptedServer server_;
  Connection connection_ = open();
};

TEST_F(GrantsOfAServer, NamesTheAccountAsStatementsDo) {
  const Grants grants = read("o'neil@work@10.0.%", "NONE", "0");
  EXPECT_EQ(grants.account(), "'o\\'neil@work'@'10.0.%'");
  EXPECT_TRUE(grants.has("SELECT"));
}

TEST_F(GrantsOfAServer, CountsTheActiveRolesOfMysql) {
  (void)read("a@%", "`reader`@`%`", "0");
  EXPECT_THAT(server_.take_statements(), Contains("SHOW GRANTS FOR CURRENT_USER() USING `reader`@`%`"));
}

TEST_F(GrantsOfAServer, LetsMariadbResolveItsRole) {
  (void)read("a@%", "reader", "1");
  EXPECT_THAT(server_.take_statements(), Contains("SHOW GRANTS"));
}

TEST_F(GrantsOfAServer, AnErrorIsNotAMissingGrant) {
  server_.answer([](const std::string&) { return fails(1045, "no"); });
  EXPECT_FALSE(Grants::read(connection_));
}

}  // namespace
}  // namespace farshore::mysql
