#include <gmock/gmock.h>

#include "capture/resume/topic_setup.hpp"
#include "capture/source/asked_tables.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/source_check.hpp"
#include "capture/source/statement_check.hpp"
#include "change/limits.hpp"
#include "unit/mysql/scripted_server.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Severity = CheckResult::Severity;

constexpr StatementContext kInShop{.dialect = {}, .default_schema = "shop", .folds_names = false};

change::TableRules rules(std::vector<std::string> patterns = {"*.*"}) {
  return *change::TableRules::make({{.name = "main", .tables = std::move(patterns), .partitions = 4}}, {});
}

std::vector<std::vector<std::string>> tables(const std::vector<change::CascadeGroup>& groups) {
  std::vector<std::vector<std::string>> names;
  for (const auto& group : groups) names.push_back(change::texts_of(group.tables));
  return names;
}

TEST(CascadeGroups, JoinTablesTiedByChainsOfCascades) {
  const auto groups =
      cascade_groups({}, {{"a.x"_table, "a.y"_table}, {"b.p"_table, "b.q"_table}, {"a.y"_table, "a.z"_table}});
  EXPECT_THAT(tables(groups), ElementsAre(ElementsAre("a.x", "a.y", "a.z"), ElementsAre("b.p", "b.q")));
  EXPECT_EQ(groups[0].name, "cascade:a.x");
}

TEST(CascadeGroups, AreTheSameWhateverTheOrderOfTheTies) {
  std::vector<Cascade> cascades = {
      {"a.x"_table, "a.y"_table}, {"a.y"_table, "a.z"_table}, {"a.w"_table, "a.z"_table}, {"c.c"_table, "c.d"_table}};
  std::ranges::sort(cascades, {}, &Cascade::child);
  const auto first = cascade_groups({}, cascades);
  do {
    const auto groups = cascade_groups({}, cascades);
    EXPECT_EQ(tables(groups), tables(first));
  } while (std::ranges::next_permutation(cascades, {}, &Cascade::child).found);
}

TEST(CascadeGroups, OnlyGrow) {
  const auto known = cascade_groups({}, {{"a.x"_table, "a.y"_table}});
  EXPECT_EQ(tables(cascade_groups(known, {})), tables(known));
  EXPECT_THAT(tables(cascade_groups(known, {{"a.y"_table, "a.a"_table}})),
              ElementsAre(ElementsAre("a.a", "a.x", "a.y")));
}

TEST(CascadeGroups, AreKnownInWhateverOrderTheyAreKept) {
  const std::vector<Cascade> cascades = {{"shop.t1"_table, "shop.u1"_table}, {"shop.t10"_table, "shop.u10"_table}};
  const auto made = rules().with_cascades(cascade_groups({}, cascades));
  ASSERT_TRUE(made);
  const auto kept = change::TableRules::from_numbering(made->numbering());
  ASSERT_TRUE(kept);
  ASSERT_NE(tables(kept->cascades()), tables(made->cascades())) << "a numbering keeps them in another order";
  for (const auto& known : {*made, *kept}) {
    EXPECT_THAT(new_ties({{"shop.u10"_table, "shop.t10"_table}}, known), IsEmpty());
    EXPECT_THAT(new_ties({{"shop.t1"_table, "shop.t10"_table}}, known), SizeIs(1));
    EXPECT_THAT(new_ties({{"shop.t2"_table, "shop.u2"_table}}, known), SizeIs(1));
  }
}

TEST(CascadeGroups, AreOneNumberingWhateverTiesThem) {
  const Cascade xy{"a.x"_table, "a.y"_table}, xz{"a.x"_table, "a.z"_table}, yz{"a.y"_table, "a.z"_table};
  const auto few = cascade_groups({}, {xz, xy, xz});
  ASSERT_THAT(few, SizeIs(1));
  const auto more = cascade_groups(few, {yz, {"b.p"_table, "b.q"_table}});
  ASSERT_THAT(more, SizeIs(2));
  const auto restarted =
      cascade_groups(change::TableRules::from_numbering(rules().with_cascades(few)->numbering())->cascades(), {xy, yz});
  ASSERT_THAT(restarted, SizeIs(1));
  EXPECT_EQ(rules().with_cascades(restarted)->numbering(), rules().with_cascades(few)->numbering());
  EXPECT_THAT(new_ties({yz}, *rules().with_cascades(few)), IsEmpty()) << "ties alone begin no epoch";
}

TEST(CascadeGroups, ASelfReferenceIsAGroupOfOne) {
  EXPECT_THAT(tables(cascade_groups({}, {{"a.tree"_table, "a.tree"_table}})), ElementsAre(ElementsAre("a.tree")));
}

TEST(CascadeGroups, HaveNamesThatReadersTake) {
  const std::string schema(192, 'x');  // 64 characters of 3 bytes
  const auto groups = cascade_groups({}, {{{schema, std::string(192, 'p')}, {schema, std::string(192, 'q')}},
                                          {{schema, std::string(192, 'r')}, {schema, std::string(192, 's')}}});
  ASSERT_THAT(groups, ::testing::SizeIs(2));
  EXPECT_LE(groups[0].name.size(), change::kNameBytesMax);
  EXPECT_NE(groups[0].name, groups[1].name);
  EXPECT_TRUE(rules().with_cascades(groups));
}

TEST(Cascades, ThatTieAreNewOnceTheirTablesAreInNoCommonGroup) {
  const Cascade key{.parent = "shop.orders"_table, .child = "shop.items"_table};
  const auto tied = *rules().with_cascades(cascade_groups({}, {key}));
  EXPECT_THAT(new_ties({key}, rules()), ElementsAre(key));
  EXPECT_THAT(new_ties({key}, tied), IsEmpty());
  EXPECT_THAT(new_ties({{"shop.items"_table, "shop.lines"_table}}, tied), SizeIs(1));
  EXPECT_THAT(new_ties({{"shop.t"_table, "shop.t"_table}}, tied), SizeIs(1));
  EXPECT_THAT(new_ties({{"etc.a"_table, "shop.items"_table}}, rules({"shop.*"})), IsEmpty());
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
                      {"gtid_strict_mode", "0"}};
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

TEST(SourceCheck, RefusesAnOriginWhoseServerIdIsTheServersOwn) {
  mysql::test::ScriptedServer server;
  server.answer([](const std::string& sql) {
    using mysql::test::rows;
    if (sql.starts_with("SELECT CURRENT_USER()")) return rows({"a", "b", "c"}, {{"c@%", "NONE", "0"}});
    if (sql == "SHOW GRANTS") return rows({"Grants"}, {{"GRANT USAGE ON *.* TO `c`@`%`"}});
    return rows({"a", "b", "c", "d", "e"}, {});
  });
  auto connection = mysql::Connection::open(server.endpoint(), {});
  ASSERT_TRUE(connection);
  mysql::ServerInfo info = good_mysql();
  info.server_id = 7;
  const auto found = [&](std::uint32_t capture_server_id) {
    const auto results =
        check_source(*connection, info, {.rules = rules(), .capture_server_id = capture_server_id}).value();
    const auto at = std::ranges::find(results, "the origin's server_id", &CheckResult::name);
    return at == results.end() ? std::string() : at->sentence();
  };
  EXPECT_EQ(found(8), "");
  EXPECT_THAT(found(7), HasSubstr("the origin's server_id is 7, and has to be another than the server's own: give"));
}

TEST(SourceCheck, NamesCapturedTablesWithoutAKey) {
  const auto results = check_tables(
      {{.schema = "shop", .name = "log", .engine = "InnoDB", .has_primary_key = false, .is_sequence = false},
       {.schema = "shop", .name = "old", .engine = "MyISAM", .has_primary_key = true, .is_sequence = false},
       {.schema = "etc", .name = "log", .engine = "InnoDB", .has_primary_key = false, .is_sequence = false}},
      rules({"shop.*"}));
  EXPECT_THAT(errors(results), ElementsAre("table shop.log"));
  EXPECT_EQ(std::ranges::count(results, Severity::kWarning, &CheckResult::severity), 1);
  EXPECT_THAT(results[0].mend, HasSubstr("\"!shop.log\""));
}

TEST(SourceCheck, WarnsOfWhatIsLeftOutBecauseItCannotBeCarried) {
  const auto results = check_tables(
      {{.schema = "shop", .name = "log", .engine = "InnoDB", .has_primary_key = false, .is_sequence = false},
       {.schema = "shop", .name = "notes", .engine = "InnoDB", .has_primary_key = true, .is_sequence = false}},
      rules({"shop.*", "!shop.log", "!shop.notes"}));
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].severity, Severity::kWarning);
  EXPECT_THAT(results[0].sentence(), HasSubstr("table shop.log is left out of every stream"));
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

const Cascade kItemsOfOrders{.parent = "shop.orders"_table, .child = "shop.items"_table};

std::string stop(std::string_view sql, const change::TableRules& by = rules(),
                 const StatementContext& context = kInShop) {
  return check_statement(read_statement(sql, context), by).sentence;
}

TEST(Statements, DdlPasses) {
  for (const char* sql :
       {"CREATE TABLE t (id INT PRIMARY KEY)", "ALTER TABLE t ADD INDEX (c)", "CREATE INDEX i ON t (c)",
        "CREATE USER x", "ANALYZE TABLE t", "DROP TEMPORARY TABLE t", "DROP VIEW v"})
    EXPECT_EQ(stop(sql), "") << sql;
}

TEST(Statements, ThatBeginSystemVersioningStop) {
  for (const char* sql :
       {"CREATE TABLE orders (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE OR REPLACE TABLE orders (id INT PRIMARY KEY, n INT WITH SYSTEM VERSIONING)",
        "ALTER TABLE orders ADD SYSTEM VERSIONING", "ALTER TABLE orders ADD c INT, add system /* x */ versioning",
        "CREATE TABLE orders (id INT PRIMARY KEY) /*M!100301 WITH SYSTEM VERSIONING */"}) {
    const auto verdict = check_statement(read_statement(sql, kInShop), rules());
    EXPECT_EQ(verdict.kind, StatementVerdict::Kind::kStops) << sql;
    EXPECT_THAT(verdict.sentence, HasSubstr("\"!shop.orders\"")) << sql;
    EXPECT_EQ(stop(sql, rules({"shop.*", "!shop.orders"})), "") << sql << ": the way out";
  }
  EXPECT_EQ(check_statement(read_statement("ALTER TABLE orders DROP SYSTEM VERSIONING", kInShop), rules()).kind,
            StatementVerdict::Kind::kChangesRows);
  for (const char* sql : {"CREATE TABLE orders (id INT PRIMARY KEY, n INT WITHOUT SYSTEM VERSIONING)",
                          "ALTER TABLE orders COMMENT 'WITH SYSTEM VERSIONING'"})
    EXPECT_EQ(stop(sql), "") << sql;
}

TEST(Statements, ThatChangeRowsWithoutRowEventsDoNotPass) {
  EXPECT_THAT(stop("TRUNCATE TABLE orders"), HasSubstr("TRUNCATE of captured table shop.orders"));
  EXPECT_THAT(stop("ALTER TABLE orders DROP PARTITION p0"), HasSubstr("shop.orders"));
  EXPECT_EQ(stop("TRUNCATE TABLE etc.log", rules({"shop.*"})), "");
  EXPECT_EQ(stop("RENAME TABLE etc.a TO etc.b", rules({"shop.*"})), "");
  for (const char* sql : {"RENAME TABLE etc.a TO shop.orders", "RENAME TABLE shop.orders TO etc.a",
                          "ALTER TABLE etc.a RENAME TO shop.orders", "DROP TABLE etc.a, orders"})
    EXPECT_THAT(stop(sql, rules({"shop.*"})), HasSubstr("of captured table shop.orders:")) << sql;
}

TEST(Statements, ThatAddAColumnWithAConstantAreCompared) {
  using Verdict = StatementVerdict::Kind;
  const auto judge = [](std::string_view sql, bool folds = false) {
    return check_statement(read_statement(sql, {.dialect = {}, .default_schema = "shop", .folds_names = folds}),
                           rules({"shop.*"}));
  };
  const StatementVerdict verdict = judge("ALTER TABLE orders ADD c INT DEFAULT 1");
  EXPECT_EQ(verdict.kind, Verdict::kAddsColumns);
  EXPECT_THAT(verdict.tables, ElementsAre("shop.orders"));
  EXPECT_THAT(verdict.sentence, HasSubstr("ADD of a column of captured table shop.orders"));
  EXPECT_EQ(judge("ALTER TABLE etc.orders ADD c INT DEFAULT 1").kind, Verdict::kPasses);
  EXPECT_EQ(judge("ALTER TABLE orders ADD INDEX (c), ALTER c SET DEFAULT 5").kind, Verdict::kPasses);
  EXPECT_EQ(judge("ALTER TABLE orders ADD c INT DEFAULT 1, DROP COLUMN d").kind, Verdict::kChangesRows);
  const StatementVerdict of_any = judge("ALTER TABLE \xC3\x84 ADD c INT", true);
  EXPECT_EQ(of_any.kind, Verdict::kChangesRows) << "the server alone folds this name";
  EXPECT_THAT(of_any.tables, IsEmpty());
}

TEST(Statements, OfTablesThatAreNotPlainToSeeMayMeanAnyCapturedOne) {
  const StatementContext gbk{
      .dialect = {.charset = binlog::SqlDialect::Charset::kGbk}, .default_schema = "shop", .folds_names = false};
  const StatementVerdict verdict =
      check_statement(read_statement("TRUNCATE \xB6\xA9\xB5\xA5", gbk), rules({"shop.\xE8\xAE\xA2\xE5\x8D\x95"}));
  EXPECT_EQ(verdict.kind, StatementVerdict::Kind::kChangesRows);
  EXPECT_THAT(verdict.tables, IsEmpty());
  EXPECT_THAT(verdict.sentence, HasSubstr("not plain to see"));
  const StatementContext folded{.dialect = {}, .default_schema = "shop", .folds_names = true};
  EXPECT_NE(stop("TRUNCATE \xC3\x84", rules({"shop.\xC3\xA4"}), folded), "") << "only the server folds such letters";
}

TEST(Statements, ADroppedSchemaTakesItsCapturedTablesWithIt) {
  EXPECT_THAT(stop("DROP DATABASE shop"), HasSubstr("DROP DATABASE of captured table shop.*"));
  EXPECT_EQ(stop("DROP DATABASE etc", rules({"shop.*"})), "");
  EXPECT_EQ(stop("DROP DATABASE farshore"), "");
  EXPECT_NE(stop("DROP DATABASE shop", rules({"shop.orders"})), "");
  EXPECT_NE(
      stop("DROP DATABASE SHOP", rules({"shop.orders"}), {.dialect = {}, .default_schema = "", .folds_names = true}),
      "");
}

TEST(Statements, NamesAreTakenInTheCaseThatTheServerStores) {
  const StatementContext folded{.dialect = {}, .default_schema = "Shop", .folds_names = true};
  const auto of_shop = rules({"shop.*"});
  for (const char* sql : {"TRUNCATE TABLE SHOP.Orders", "TRUNCATE Orders", "ALTER TABLE Orders DROP PARTITION p0",
                          "UPDATE Shop.ORDERS SET a = 1"})
    EXPECT_THAT(stop(sql, of_shop, folded), HasSubstr("captured table shop.orders")) << sql;
  EXPECT_EQ(stop("TRUNCATE TABLE Shop.Orders", of_shop), "") << "another table, where case counts";
}

TEST(Statements, ChangesInStatementFormatStop) {
  EXPECT_THAT(stop("UPDATE orders SET a = 1"), HasSubstr("binlog_format"));
  EXPECT_EQ(stop("DELETE FROM etc.log", rules({"shop.*"})), "");
}

TEST(Statements, AChangeOfTheMarkerInStatementFormatStops) {
  for (const char* sql : {"UPDATE farshore.progress SET counter = counter + 1", "DELETE FROM farshore.progress",
                          "INSERT INTO farshore.progress VALUES (1)"}) {
    const StatementVerdict verdict = check_statement(read_statement(sql, kInShop), rules());
    EXPECT_EQ(verdict.kind, StatementVerdict::Kind::kStops) << sql;
    EXPECT_THAT(verdict.sentence, HasSubstr("farshore.progress"));
  }
  EXPECT_EQ(stop("DELETE FROM farshore.parked"), "");
}

TEST(Statements, WhatIsNotUnderstoodStops) { EXPECT_NE(stop("FROBNICATE orders"), ""); }

TEST(Statements, AParentWithoutASchemaIsBesideItsChild) {
  const StatementContext elsewhere{.dialect = {}, .default_schema = "tools", .folds_names = false};
  EXPECT_EQ(read_statement("ALTER TABLE shop.items ADD FOREIGN KEY (o) REFERENCES orders (id)", elsewhere).references,
            (std::vector<binlog::Statement::Reference>{
                {.table = {"shop", "orders"}, .columns = {"o"}, .parent_columns = {"id"}}}));
}

TEST(AskedTables, AreDueWhenMetWhenOpenedAnewAndAfterAStatement) {
  AskedTables asked;
  const auto is_due = [&](std::uint64_t table_id, AskedTables::Clock::time_point at) {
    return asked.due("shop", "items", {.table_id = table_id, .shape_id = 1}, at);
  };
  auto now = AskedTables::Clock::time_point{} + std::chrono::hours(1);
  EXPECT_TRUE(is_due(7, now));
  asked.note_asked({"shop", "items"}, now);
  EXPECT_FALSE(is_due(7, now + std::chrono::hours(1)));
  EXPECT_FALSE(is_due(8, now + std::chrono::seconds(59))) << "asked just before";
  EXPECT_TRUE(is_due(8, now + std::chrono::seconds(61))) << "and still to be asked for";
  now += AskedTables::kAskedAgain;
  EXPECT_TRUE(is_due(9, now));
  asked.note_asked({"shop", "items"}, now);
  asked.forget(read_statement("ALTER TABLE other ADD c INT", kInShop));
  EXPECT_FALSE(is_due(9, now));
  asked.forget(read_statement("ALTER TABLE items ADD c INT", kInShop));
  EXPECT_TRUE(is_due(9, now));
  asked.note_asked({"shop", "items"}, now);
  asked.forget(read_statement("CREATE USER u", kInShop));
  EXPECT_FALSE(is_due(9, now));
  asked.forget(read_statement("TRUNCATE", kInShop));
  EXPECT_TRUE(is_due(9, now)) << "any table";
}

TEST(Cascades, OfAParentThatIsNotCapturedCannotBeRepeated) {
  const auto of_shop = rules({"shop.*"});
  const Cascade key{.parent = "etc.customers"_table, .child = "shop.items"_table};
  EXPECT_TRUE(is_unrepeated(key, of_shop));
  EXPECT_FALSE(is_unrepeated({.parent = "shop.orders"_table, .child = "shop.items"_table}, of_shop));
  EXPECT_FALSE(is_unrepeated({.parent = "shop.orders"_table, .child = "etc.log"_table}, of_shop));
  const CheckResult told = check_cascade(key);
  EXPECT_EQ(told.severity, Severity::kError);
  EXPECT_TRUE(told.is_of_a_table) << "capture starts, as it does with a table without a key";
  EXPECT_THAT(told.sentence(), HasSubstr("table shop.items is changed by a cascade from etc.customers"));
}

TEST(SourceCheck, RefusesSystemVersionedTablesAsAWhole) {
  const auto results = check_tables({{.schema = "shop",
                                      .name = "prices",
                                      .engine = "InnoDB",
                                      .has_primary_key = true,
                                      .is_sequence = false,
                                      .is_versioned = true}},
                                    rules());
  ASSERT_THAT(errors(results), ElementsAre("table shop.prices"));
  EXPECT_FALSE(results[0].is_of_a_table) << "capture does not start";
  EXPECT_THAT(results[0].mend, HasSubstr("\"!shop.prices\""));
}

TEST(SourceCheck, RefusesASchemaWithAPointInItsNameUnlessItIsLeftOut) {
  const std::vector<TableFacts> pointed{
      {.schema = "x.eu", .name = "t", .engine = "InnoDB", .has_primary_key = true, .is_sequence = false}};
  const auto results = check_tables(pointed, rules());
  ASSERT_THAT(errors(results), ElementsAre("table x.eu.t"));
  EXPECT_TRUE(results[0].is_of_a_table) << "capture starts, and stops at its first row";
  EXPECT_THAT(results[0].mend, HasSubstr("\"!x.eu.t\""));
  EXPECT_THAT(check_tables(pointed, rules({"*.*", "!x.eu.t"})), IsEmpty());
  EXPECT_THAT(newly_captured(pointed, rules({"shop.*"}), rules()), IsEmpty()) << "nobody could copy it";
}

TEST(Statements, OfASchemaWithAPointPassAsNoRowOfItWasEverPublished) {
  for (const char* sql :
       {"DROP TABLE `x.eu`.t", "TRUNCATE `x.eu`.t", "CREATE TABLE `x.eu`.t (a INT)",
        "CREATE OR REPLACE TABLE `x.eu`.t (a INT)", "ALTER TABLE `x.eu`.t MODIFY a BIGINT",
        "RENAME TABLE `x.eu`.t TO `x.eu`.u", "DROP DATABASE `x.eu`", "ALTER TABLE `x.eu`.t ADD SYSTEM VERSIONING"})
    EXPECT_EQ(stop(sql), "") << sql;
}

TEST(Statements, OfASchemaWithAPointTellOfTheCapturedTablesThatTheyChange) {
  const auto tables = [](std::string_view sql) {
    return check_statement(read_statement(sql, kInShop), rules()).tables;
  };
  EXPECT_THAT(tables("RENAME TABLE `x.eu`.t TO shop.t"), ElementsAre("shop.t"));
  EXPECT_THAT(tables("RENAME TABLE shop.t TO `x.eu`.t"), ElementsAre("shop.t"));
  EXPECT_THAT(tables("ALTER TABLE `x.eu`.t EXCHANGE PARTITION p WITH TABLE shop.u"), ElementsAre("shop.u"));
}

TEST(Statements, InStatementFormatOfASchemaWithAPointStopUnlessItsTablesAreLeftOut) {
  EXPECT_THAT(stop("DELETE FROM `x.eu`.t"), HasSubstr("\"!x.eu.t\""));
  EXPECT_EQ(stop("DELETE FROM `x.eu`.t", rules({"*.*", "!x.eu.*"})), "");
}

TEST(SourceCheck, AnyBinlogFilterIsAnError) {
  EXPECT_EQ(check_binlog_filter("").severity, Severity::kGood);
  const CheckResult found = check_binlog_filter("binlog_ignore_db=shop");
  EXPECT_EQ(found.severity, Severity::kError);
  EXPECT_THAT(found.sentence(), HasSubstr("binlog filter is binlog_ignore_db=shop, and has to be none: take"));
}

kafka::TopicDescription as_made(const kafka::TopicSpec& spec) {
  return {.topic_id = "id", .partitions = spec.partitions, .replication = spec.replication, .configs = spec.configs};
}

const TopicSettings kThreeReplicas{.replication = 3, .retention = {{"main", std::chrono::hours{168}}}};

TEST(Topics, AreMadeSoThatWhatIsAcknowledgedIsKept) {
  const auto spec = change_topic_spec("east", "main", 8, kThreeReplicas);
  EXPECT_EQ(spec.configs.at("min.insync.replicas"), "2");
  EXPECT_EQ(spec.configs.at("unclean.leader.election.enable"), "false");
  EXPECT_EQ(spec.configs.at("retention.bytes"), "-1");
  EXPECT_EQ(spec.configs.at("message.timestamp.type"), "LogAppendTime");
  EXPECT_EQ(min_insync_replicas(1), 1);
  EXPECT_EQ(min_insync_replicas(2), 1) << "with two, the loss of one broker would stop all";
  EXPECT_EQ(min_insync_replicas(5), 2);
  EXPECT_EQ(checkpoint_topic_spec("east", kThreeReplicas).configs.at("min.insync.replicas"), "2");
}

TEST(Topics, WantABrokerForEachReplicaAndNoTopicThatMakesItself) {
  const auto severities = [](const kafka::ClusterDescription& cluster) {
    std::vector<CheckResult::Severity> found;
    for (const CheckResult& result : check_cluster(cluster, 3)) found.push_back(result.severity);
    return found;
  };
  using enum CheckResult::Severity;
  EXPECT_THAT(severities({.id = "a", .brokers = 3, .creates_topics = false}), ElementsAre(kGood, kGood));
  EXPECT_THAT(severities({.id = "a", .brokers = 2, .creates_topics = true}), ElementsAre(kError, kError));
  EXPECT_THAT(severities({.id = "a", .brokers = 3, .creates_topics = {}}), ElementsAre(kGood, kWarning));
}

TEST(Topics, MayBeMoreThanIsWanted) {
  const auto spec = change_topic_spec("east", "main", 8, kThreeReplicas);
  auto found = as_made(spec);
  found.replication = 5;
  found.configs["retention.ms"] = "1209600000";
  found.configs["max.message.bytes"] = "20971520";
  found.configs["min.insync.replicas"] = "3";
  EXPECT_THAT(judge_topic(spec, found).refused, IsEmpty());
  EXPECT_THAT(judge_topic(spec, found).weaker, IsEmpty());
  found.configs["retention.ms"] = "-1";
  EXPECT_THAT(judge_topic(spec, found).refused, IsEmpty()) << "kept for ever";
  found.configs["retention.ms"] = "3600000";
  EXPECT_THAT(judge_topic(spec, found).refused, SizeIs(1));
  found = as_made(spec);
  found.partitions = 9;
  EXPECT_THAT(judge_topic(spec, found).refused, SizeIs(1)) << "rows would go to other partitions";
}

TEST(Topics, ThatAnOlderVersionMadeAreWeakerAndNotRefused) {
  const auto spec = change_topic_spec("east", "main", 8, kThreeReplicas);
  auto found = as_made(spec);
  found.configs["min.insync.replicas"] = "1";
  found.configs["message.timestamp.type"] = "CreateTime";
  const TopicVerdict verdict = judge_topic(spec, found);
  EXPECT_THAT(verdict.refused, IsEmpty());
  ASSERT_THAT(verdict.weaker, SizeIs(2));
  EXPECT_EQ(mend_command(spec.name, verdict.weaker),
            "run kafka-configs.sh --bootstrap-server <broker> --alter --entity-type topics --entity-name "
            "farshore.changes.east.main --add-config message.timestamp.type=LogAppendTime,min.insync.replicas=2");
}

TEST(KafkaFailures, ThatAPersonHasToMendAreToldFromThoseThatPass) {
  using Kind = kafka::KafkaError::Kind;
  EXPECT_EQ(end_of({Kind::kBadSetting, "no such property"}, "Kafka").kind, EndKind::kMisconfigured);
  EXPECT_EQ(end_of({Kind::kDenied, "not authorized"}, "Kafka").kind, EndKind::kMisconfigured);
  EXPECT_EQ(end_of({Kind::kUnreachable, "no broker"}, "Kafka").kind, EndKind::kRetry);
}

}  // namespace
}  // namespace farshore::capture
