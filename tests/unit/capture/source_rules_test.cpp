#include <gmock/gmock.h>

#include "capture/cascade_groups.hpp"
#include "capture/source_check.hpp"
#include "capture/statement_check.hpp"
#include "capture/topic_setup.hpp"
#include "change/limits.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Severity = CheckResult::Severity;

constexpr StatementContext kInShop{.default_schema = "shop", .folds_names = false};

change::TableRules rules(std::vector<std::string> patterns = {"*.*"}) {
  return *change::TableRules::make({{.name = "main", .tables = std::move(patterns), .partitions = 4}}, {});
}

std::vector<std::vector<std::string>> tables(const std::vector<change::CascadeGroup>& groups) {
  std::vector<std::vector<std::string>> names;
  for (const auto& group : groups) names.push_back(group.tables);
  return names;
}

TEST(CascadeGroups, JoinTablesTiedByChainsOfCascades) {
  const auto groups = cascade_groups({}, {{"a.x", "a.y"}, {"b.p", "b.q"}, {"a.y", "a.z"}});
  EXPECT_THAT(tables(groups), ElementsAre(ElementsAre("a.x", "a.y", "a.z"), ElementsAre("b.p", "b.q")));
  EXPECT_EQ(groups[0].name, "cascade:a.x");
}

TEST(CascadeGroups, AreTheSameWhateverTheOrderOfTheTies) {
  std::vector<Cascade> cascades = {{"a.x", "a.y"}, {"a.y", "a.z"}, {"a.w", "a.z"}, {"c.c", "c.d"}};
  std::ranges::sort(cascades, {}, &Cascade::child);
  const auto first = cascade_groups({}, cascades);
  do {
    const auto groups = cascade_groups({}, cascades);
    EXPECT_EQ(tables(groups), tables(first));
  } while (std::ranges::next_permutation(cascades, {}, &Cascade::child).found);
}

TEST(CascadeGroups, OnlyGrow) {
  const auto known = cascade_groups({}, {{"a.x", "a.y"}});
  EXPECT_EQ(tables(cascade_groups(known, {})), tables(known));
  EXPECT_THAT(tables(cascade_groups(known, {{"a.y", "a.a"}})), ElementsAre(ElementsAre("a.a", "a.x", "a.y")));
}

TEST(CascadeGroups, AreKnownInWhateverOrderTheyAreKept) {
  const std::vector<Cascade> cascades = {{"shop.t1", "shop.u1"}, {"shop.t10", "shop.u10"}};
  const auto made = rules().with_cascades(cascade_groups({}, cascades));
  ASSERT_TRUE(made);
  const auto kept = change::TableRules::from_numbering(made->numbering());
  ASSERT_TRUE(kept);
  ASSERT_NE(tables(kept->cascades()), tables(made->cascades())) << "a numbering keeps them in another order";
  for (const auto& known : {*made, *kept}) {
    EXPECT_THAT(CascadingKeys({}, known.cascades()).new_ties(known), IsEmpty());
    EXPECT_THAT(CascadingKeys({{"shop.u10", "shop.t10"}}, {}).new_ties(known), IsEmpty());
    EXPECT_THAT(CascadingKeys({{"shop.t1", "shop.t10"}}, {}).new_ties(known), SizeIs(1));
    EXPECT_THAT(CascadingKeys({{"shop.t2", "shop.u2"}}, {}).new_ties(known), SizeIs(1));
  }
}

TEST(CascadeGroups, ASelfReferenceIsAGroupOfOne) {
  EXPECT_THAT(tables(cascade_groups({}, {{"a.tree", "a.tree"}})), ElementsAre(ElementsAre("a.tree")));
}

TEST(CascadeGroups, HaveNamesThatReadersTake) {
  const std::string schema(192, 'x');  // 64 characters of 3 bytes
  const auto groups =
      cascade_groups({}, {{schema + "." + std::string(192, 'p'), schema + "." + std::string(192, 'q')},
                          {schema + "." + std::string(192, 'r'), schema + "." + std::string(192, 's')}});
  ASSERT_THAT(groups, ::testing::SizeIs(2));
  EXPECT_LE(groups[0].name.size(), change::kMaxNameBytes);
  EXPECT_NE(groups[0].name, groups[1].name);
  EXPECT_TRUE(rules().with_cascades(groups));
}

TEST(Cascades, AreReadFromTheServersOwnSpelling) {
  const std::string definition =
      "CREATE TABLE `c` (\n  `id` int NOT NULL,\n  KEY `p` (`p`),\n"
      "  CONSTRAINT `c_1` FOREIGN KEY (`p`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n"
      "  CONSTRAINT `c_2` FOREIGN KEY (`q`) REFERENCES `q` (`id`),\n"
      "  CONSTRAINT `c_3` FOREIGN KEY (`r`) REFERENCES `r` (`id`) ON DELETE SET NULL ON UPDATE CASCADE,\n"
      "  CONSTRAINT `c_4` FOREIGN KEY (`s`) REFERENCES `s` (`id`) ON DELETE NO ACTION\n) ENGINE=InnoDB";
  EXPECT_TRUE(definition_cascades(definition, "c_1"));
  EXPECT_FALSE(definition_cascades(definition, "c_2"));
  EXPECT_TRUE(definition_cascades(definition, "c_3"));
  EXPECT_FALSE(definition_cascades(definition, "c_4"));
  EXPECT_FALSE(definition_cascades(definition, "c_9"));
}

TEST(Cascades, AreLoggedByMysqlFrom9_6) {
  mysql::ServerInfo server;
  server.kind = ServerKind::kMysql;
  server.version_number = 90600;
  EXPECT_TRUE(logs_cascades(server));
  server.variables["innodb_native_foreign_keys"] = "OFF";
  EXPECT_TRUE(logs_cascades(server));
  server.variables["innodb_native_foreign_keys"] = "ON";
  EXPECT_FALSE(logs_cascades(server)) << "InnoDB cascades, and logs nothing of it";
  server.variables.clear();
  server.version_number = 90500;
  EXPECT_FALSE(logs_cascades(server));
  server.kind = ServerKind::kMariadb;
  server.version_number = 120000;
  EXPECT_FALSE(logs_cascades(server));
}

mysql::ServerInfo good_mysql() {
  mysql::ServerInfo server;
  server.kind = ServerKind::kMysql;
  server.server_id = 1;
  server.variables = {{"log_bin", "1"},
                      {"binlog_format", "ROW"},
                      {"binlog_row_image", "FULL"},
                      {"binlog_row_metadata", "FULL"},
                      {"gtid_mode", "ON"},
                      {"enforce_gtid_consistency", "ON"},
                      {"binlog_row_value_options", ""},
                      {"binlog_transaction_compression", "0"},
                      {"binlog_order_commits", "ON"}};
  return server;
}

std::vector<std::string> errors(const std::vector<CheckResult>& results) {
  std::vector<std::string> names;
  for (const CheckResult& result : results)
    if (result.severity == Severity::kError) names.push_back(result.name);
  return names;
}

TEST(SourceCheck, AGoodServerHasNothingToMend) { EXPECT_THAT(errors(check_settings(good_mysql())), IsEmpty()); }

TEST(SourceCheck, NamesSettingFoundWantedAndMend) {
  auto server = good_mysql();
  server.variables["binlog_row_metadata"] = "MINIMAL";
  const auto results = check_settings(server);
  ASSERT_THAT(errors(results), ElementsAre("binlog_row_metadata"));
  const auto found = std::ranges::find(results, "binlog_row_metadata", &CheckResult::name);
  EXPECT_EQ(found->sentence(),
            "binlog_row_metadata is MINIMAL, and has to be FULL: SET GLOBAL binlog_row_metadata = 'FULL', and in the "
            "server's option file");
}

TEST(SourceCheck, EachSettingOfMysqlCounts) {
  for (const auto& [name, good] : good_mysql().variables) {
    auto server = good_mysql();
    server.variables[name] = "something else";
    EXPECT_THAT(errors(check_settings(server)), ElementsAre(name));
  }
}

TEST(SourceCheck, MariadbNeedsStrictGtids) {
  mysql::ServerInfo server;
  server.kind = ServerKind::kMariadb;
  server.server_id = 0;
  server.variables = {{"log_bin", "ON"},
                      {"binlog_format", "MIXED"},
                      {"binlog_row_image", "FULL"},
                      {"binlog_row_metadata", "NO_LOG"},
                      {"gtid_strict_mode", "0"},
                      {"log_bin_compress", "OFF"}};
  EXPECT_THAT(errors(check_settings(server)),
              ElementsAre("binlog_format", "binlog_row_metadata", "gtid_strict_mode", "server_id"));
}

TEST(SourceCheck, GrantsCountOnlyWhenTheyHoldEverywhere) {
  const auto missing = [](std::vector<std::string> lines, ServerKind kind) {
    return errors(check_grants(mysql::Grants("'c'@'%'", std::move(lines)), kind));
  };
  EXPECT_THAT(missing({"GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `c`@`%`"}, ServerKind::kMysql),
              IsEmpty());
  EXPECT_THAT(
      missing({"GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `c`@`%` IDENTIFIED BY PASSWORD '*AB'"},
              ServerKind::kMariadb),
      IsEmpty());
  EXPECT_THAT(missing({"GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"}, ServerKind::kMysql), IsEmpty());
  EXPECT_THAT(missing({"GRANT USAGE ON *.* TO `c`@`%`", "GRANT SELECT ON `shop`.* TO `c`@`%`"}, ServerKind::kMysql),
              ElementsAre("grant REPLICATION SLAVE", "grant REPLICATION CLIENT", "grant SELECT"));
  EXPECT_EQ(check_grants(mysql::Grants("'c'@'%'", {}), ServerKind::kMysql).front().mend,
            "GRANT REPLICATION SLAVE ON *.* TO 'c'@'%'");
}

TEST(SourceCheck, NamesCapturedTablesWithoutAKey) {
  const auto results = check_tables(
      {{.schema = "shop", .name = "log", .engine = "InnoDB", .has_primary_key = false, .is_sequence = false},
       {.schema = "shop", .name = "old", .engine = "MyISAM", .has_primary_key = true, .is_sequence = false},
       {.schema = "etc", .name = "log", .engine = "InnoDB", .has_primary_key = false, .is_sequence = false}},
      rules({"shop.*"}));
  EXPECT_THAT(errors(results), ElementsAre("table shop.log"));
  EXPECT_EQ(std::ranges::count(results, Severity::kWarning, &CheckResult::severity), 1);
}

TEST(SourceCheck, NamesTablesThatOnlyTheNewRulesCapture) {
  const std::vector<TableFacts> tables{{.schema = "shop", .name = "orders", .engine = "InnoDB"},
                                       {.schema = "shop", .name = "log", .engine = "InnoDB"},
                                       {.schema = "shop", .name = "_t_gho", .engine = "InnoDB"}};
  EXPECT_THAT(newly_captured(tables, rules({"shop.*", "!shop.log"}), rules({"shop.*"})), ElementsAre("shop.log"));
  EXPECT_THAT(newly_captured(tables, rules({"shop.*"}), rules({"shop.*", "!shop.log"})), IsEmpty());
}

TEST(SourceCheck, NamesCapturedSequences) {
  const auto results = check_tables(
      {{.schema = "shop", .name = "s", .engine = "InnoDB", .has_primary_key = false, .is_sequence = true}}, rules());
  ASSERT_THAT(errors(results), ElementsAre("table shop.s"));
  EXPECT_TRUE(results[0].is_of_a_table);
  EXPECT_THAT(results[0].sentence(), HasSubstr("table shop.s is a sequence"));
  EXPECT_THAT(results[0].mend, HasSubstr("AUTO_INCREMENT"));
}

const Cascade kItemsOfOrders{.parent = "shop.orders", .child = "shop.items"};

/// What the statements tie that `by` does not have in one group.
std::vector<Cascade> ties(const std::vector<std::string>& statements, const change::TableRules& by = rules(),
                          const StatementContext& context = kInShop) {
  CascadingKeys keys({}, by.cascades());
  for (const std::string& sql : statements) keys.follow(read_statement(sql, context));
  return keys.new_ties(by);
}

std::string stop(std::string_view sql, const change::TableRules& by = rules(),
                 const StatementContext& context = kInShop) {
  return check_statement(read_statement(sql, context), by).sentence;
}

TEST(Statements, DdlPasses) {
  for (const char* sql : {"CREATE TABLE t (id INT PRIMARY KEY)", "ALTER TABLE t ADD c INT", "DROP TABLE t",
                          "CREATE USER x", "ANALYZE TABLE t"})
    EXPECT_EQ(stop(sql), "") << sql;
}

TEST(Statements, TruncateAndPartitionDdlOfACapturedTableStop) {
  EXPECT_THAT(stop("TRUNCATE TABLE orders"), HasSubstr("TRUNCATE of captured table shop.orders"));
  EXPECT_THAT(stop("ALTER TABLE orders DROP PARTITION p0"), HasSubstr("shop.orders"));
  EXPECT_EQ(stop("TRUNCATE TABLE etc.log", rules({"shop.*"})), "");
}

TEST(Statements, NamesAreTakenInTheCaseThatTheServerStores) {
  const StatementContext folded{.default_schema = "Shop", .folds_names = true};
  const auto of_shop = rules({"shop.*"});
  for (const char* sql : {"TRUNCATE TABLE SHOP.Orders", "TRUNCATE Orders", "ALTER TABLE Orders DROP PARTITION p0",
                          "UPDATE Shop.ORDERS SET a = 1"})
    EXPECT_THAT(stop(sql, of_shop, folded), HasSubstr("captured table shop.orders")) << sql;
  EXPECT_THAT(ties({"ALTER TABLE Items ADD FOREIGN KEY (o) REFERENCES Orders (id) ON DELETE CASCADE"}, of_shop, folded),
              ElementsAre(kItemsOfOrders));
  EXPECT_EQ(stop("TRUNCATE TABLE Shop.Orders", of_shop), "") << "another table, where case counts";
}

TEST(Statements, ChangesInStatementFormatStop) {
  EXPECT_THAT(stop("UPDATE orders SET a = 1"), HasSubstr("binlog_format"));
  EXPECT_EQ(stop("DELETE FROM etc.log", rules({"shop.*"})), "");
}

TEST(Statements, WhatIsNotUnderstoodStops) { EXPECT_NE(stop("FROBNICATE orders"), ""); }

TEST(Statements, AParentWithoutASchemaIsBesideItsChild) {
  const StatementContext elsewhere{.default_schema = "tools", .folds_names = false};
  EXPECT_THAT(
      ties({"ALTER TABLE shop.items ADD FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE"}, rules(), elsewhere),
      ElementsAre(kItemsOfOrders));
}

TEST(CascadingKeys, TieTheirTables) {
  const char* create =
      "CREATE TABLE items (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE)";
  EXPECT_EQ(stop(create), "");
  EXPECT_THAT(ties({create}), ElementsAre(kItemsOfOrders));
}

TEST(CascadingKeys, AreSeenWhateverBlanksTheyAreWrittenWith) {
  for (const char* action : {"ON DELETE SET\n  NULL", "on update set  null", "ON DELETE SET\tDEFAULT"})
    EXPECT_THAT(ties({std::string("ALTER TABLE items ADD FOREIGN KEY (o) REFERENCES orders (id) ").append(action)}),
                ElementsAre(kItemsOfOrders))
        << action;
}

TEST(CascadingKeys, ThatOnlyForbidAreNone) {
  EXPECT_THAT(ties({"CREATE TABLE items (id INT PRIMARY KEY, o INT, FOREIGN KEY (o) REFERENCES orders (id))"}),
              IsEmpty());
  EXPECT_THAT(ties({"CREATE TABLE items (o INT, c INT, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE, "
                    "FOREIGN KEY (c) REFERENCES bulk.country (id))"}),
              ElementsAre(kItemsOfOrders));
}

TEST(CascadingKeys, OfATableThatIsNotCapturedTieNothing) {
  EXPECT_THAT(
      ties({"CREATE TABLE etc.log (o INT, c INT, FOREIGN KEY (o) REFERENCES shop.orders (id) ON DELETE CASCADE, "
            "FOREIGN KEY (c) REFERENCES shop.country (id) ON DELETE CASCADE)"},
           rules({"shop.*"})),
      IsEmpty());
}

/// orders and items are in one group, by a key that the source has no longer.
change::TableRules tied() { return *rules().with_cascades(cascade_groups({}, {kItemsOfOrders})); }

TEST(CascadingKeys, StayWithATableThatIsRenamed) {
  for (const char* sql : {"RENAME TABLE orders TO bills", "ALTER TABLE orders RENAME TO bills",
                          "ALTER TABLE shop.orders ADD COLUMN c INT, RENAME = bills"})
    EXPECT_THAT(ties({sql}, tied()), ElementsAre(Cascade{.parent = "shop.items", .child = "shop.bills"})) << sql;
  EXPECT_THAT(ties({"RENAME TABLE a TO b, items TO lines"}, tied()),
              ElementsAre(Cascade{.parent = "shop.lines", .child = "shop.orders"}));
  for (const char* sql : {"RENAME TABLE other TO another", "ALTER TABLE orders RENAME COLUMN a TO b"})
    EXPECT_THAT(ties({sql}, tied()), IsEmpty()) << sql;
}

TEST(CascadingKeys, OfATableToItselfStayWithIt) {
  const auto tree = *rules().with_cascades(cascade_groups({}, {{"shop.tree", "shop.tree"}}));
  EXPECT_THAT(ties({"RENAME TABLE tree TO bush"}, tree),
              ElementsAre(Cascade{.parent = "shop.bush", .child = "shop.bush"}));
}

TEST(CascadingKeys, StayWithATableThatHadANameThatIsNotCaptured) {
  const Cascade wanted{.parent = "shop.a", .child = "shop.orders"};
  EXPECT_THAT(ties({"RENAME TABLE items TO _items_old, a TO items, _items_old TO a"}, tied()), ElementsAre(wanted));
  EXPECT_THAT(ties({"RENAME TABLE items TO _items_old", "RENAME TABLE _items_old TO a"}, tied()), ElementsAre(wanted));
}

constexpr const char* kShadowKey =
    "ALTER TABLE _items_new ADD FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE";

TEST(CascadingKeys, OfAShadowTableTieWhenItTakesACapturedName) {
  EXPECT_THAT(ties({kShadowKey}), IsEmpty());
  EXPECT_THAT(ties({kShadowKey, "RENAME TABLE items TO _items_old, _items_new TO items"}), ElementsAre(kItemsOfOrders));
  EXPECT_THAT(ties({std::string(kShadowKey) + ", RENAME TO items"}), ElementsAre(kItemsOfOrders));
  EXPECT_THAT(ties({kShadowKey, "RENAME TABLE other TO items"}), IsEmpty());
  EXPECT_THAT(ties({kShadowKey, "RENAME TABLE _items_new TO _items_gho", "RENAME TABLE _items_gho TO items"}),
              ElementsAre(kItemsOfOrders));
  EXPECT_THAT(ties({kShadowKey, "RENAME TABLE orders TO bills", "RENAME TABLE _items_new TO items"}),
              ElementsAre(Cascade{.parent = "shop.bills", .child = "shop.items"}));
}

TEST(CascadingKeys, BetweenShadowTablesTieWhenBothTakeCapturedNames) {
  const char* within = "ALTER TABLE _t_new ADD FOREIGN KEY (p) REFERENCES _t_new (id) ON DELETE CASCADE";
  EXPECT_THAT(ties({within, "RENAME TABLE t TO _t_old, _t_new TO t"}),
              ElementsAre(Cascade{.parent = "shop.t", .child = "shop.t"}));
  const char* apart = "ALTER TABLE _c_new ADD FOREIGN KEY (p) REFERENCES _p_new (id) ON DELETE CASCADE";
  for (const char* renames : {"RENAME TABLE _p_new TO p, _c_new TO c", "RENAME TABLE _c_new TO c, _p_new TO p"})
    EXPECT_THAT(ties({apart, renames}), ElementsAre(Cascade{.parent = "shop.p", .child = "shop.c"})) << renames;
}

TEST(CascadingKeys, OfAGroupOutlastTheNameOfAnyOfItsTables) {
  const auto three = *rules().with_cascades(cascade_groups({}, {{"shop.a", "shop.b"}, {"shop.b", "shop.c"}}));
  EXPECT_THAT(ties({"RENAME TABLE a TO _a_old", "RENAME TABLE c TO d"}, three),
              ElementsAre(Cascade{.parent = "shop.b", .child = "shop.d"}));
}

TEST(CascadingKeys, GoWithATableThatIsDropped) {
  EXPECT_THAT(ties({kShadowKey, "DROP TABLE IF EXISTS a, _items_new", "CREATE TABLE _items_new LIKE items",
                    "RENAME TABLE items TO _items_old, _items_new TO items"}),
              IsEmpty());
  EXPECT_THAT(ties({kShadowKey, "ALTER TABLE _items_new DROP COLUMN c",
                    "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS _items_new", "RENAME TABLE _items_new TO items"}),
              ElementsAre(kItemsOfOrders));
}

TEST(CascadingKeys, AreToldWhenAddedOrWhenTheirChildTakesAnotherName) {
  CascadingKeys keys({{.parent = "etc.a", .child = "shop.items"}}, tied().cascades());
  const auto follow = [&](std::string_view sql) { return keys.follow(read_statement(sql, kInShop)); };
  EXPECT_THAT(follow("ALTER TABLE items ADD FOREIGN KEY (c) REFERENCES etc.b (id) ON UPDATE CASCADE"),
              ElementsAre(Cascade{.parent = "etc.b", .child = "shop.items"}));
  EXPECT_THAT(follow("ALTER TABLE items ADD COLUMN d INT"), IsEmpty());
  EXPECT_THAT(follow("RENAME TABLE etc.a TO etc.c, orders TO _orders_old, _orders_new TO orders"), IsEmpty());
  EXPECT_THAT(follow("ALTER TABLE items ADD FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE"),
              ElementsAre(kItemsOfOrders));
  EXPECT_THAT(follow("RENAME TABLE items TO lines"),
              ElementsAre(Cascade{"etc.c", "shop.lines"}, Cascade{"etc.b", "shop.lines"},
                          Cascade{"shop.orders", "shop.lines"}));
}

TEST(CascadingKeys, OfAParentThatIsNotCapturedCannotBeRepeated) {
  const auto of_shop = rules({"shop.*"});
  const Cascade key{.parent = "etc.customers", .child = "shop.items"};
  EXPECT_TRUE(is_unrepeated(key, of_shop));
  EXPECT_FALSE(is_unrepeated({.parent = "shop.orders", .child = "shop.items"}, of_shop));
  EXPECT_FALSE(is_unrepeated({.parent = "shop.orders", .child = "etc.log"}, of_shop));
  const CheckResult told = check_cascade(key);
  EXPECT_EQ(told.severity, Severity::kError);
  EXPECT_TRUE(told.is_of_a_table) << "capture starts, as it does with a table without a key";
  EXPECT_THAT(told.sentence(), HasSubstr("table shop.items is changed by a cascade from etc.customers"));
}

TEST(KafkaFailures, ThatAPersonHasToMendAreToldFromThoseThatPass) {
  using Kind = kafka::KafkaError::Kind;
  EXPECT_EQ(end_of({Kind::kBadSetting, "no such property"}, "Kafka").kind, EndKind::kMisconfigured);
  EXPECT_EQ(end_of({Kind::kDenied, "not authorized"}, "Kafka").kind, EndKind::kMisconfigured);
  EXPECT_EQ(end_of({Kind::kUnreachable, "no broker"}, "Kafka").kind, EndKind::kRetry);
}

}  // namespace
}  // namespace farshore::capture
