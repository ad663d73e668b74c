#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "services/ctl/preflight_checks.hpp"

namespace farshore::ctl {
namespace {

using testing::HasSubstr;

mysql::ColumnSchema column(std::string name, std::string type, std::string collation = "") {
  mysql::ColumnSchema made;
  made.name = std::move(name);
  made.data_type = made.column_type = std::move(type);
  if (!collation.empty()) made.charset = collation.substr(0, collation.find('_'));
  made.collation = std::move(collation);
  made.length_characters = made.charset.empty() ? 0 : 20;
  made.length_bytes = 4 * made.length_characters;
  return made;
}

mysql::TableSchema orders() {
  mysql::TableSchema table;
  table.schema = "shop";
  table.name = "orders";
  table.engine = "InnoDB";
  table.columns = {column("id", "bigint"), column("word", "varchar", "utf8mb4_general_ci")};
  table.columns[0].auto_increment = true;
  table.primary_key = {"id"};
  return table;
}

/// shop.lines go with shop.orders.
mysql::ForeignKey lines_of_orders() {
  return {.name = "fk",
          .schema = "shop",
          .table = "lines",
          .columns = {"id"},
          .parent_schema = "shop",
          .parent_table = "orders",
          .parent_columns = {"id"},
          .on_update = "RESTRICT",
          .on_delete = "CASCADE"};
}

RegionFacts good_facts(ServerKind kind, std::uint32_t server_id) {
  RegionFacts facts;
  facts.server.kind = kind;
  facts.server.version = "1";
  facts.server.uuid = std::to_string(server_id);
  facts.server.server_id = server_id;
  facts.server.gtid_domain = server_id;
  facts.server.variables = {{"max_allowed_packet", "67108864"},
                            {"innodb_flush_log_at_trx_commit", "1"},
                            {"sync_binlog", "1"},
                            {"log_bin", "ON"},
                            {"lower_case_table_names", "0"},
                            {"auto_increment_increment", "2"},
                            {"auto_increment_offset", std::to_string(server_id)}};
  facts.farshore_tables = {"added_column",     "audit",        "channel_offset", "comparison", "conflict",
                           "conflict_history", "equality",     "home",           "mismatch",   "mismatch_example",
                           "parked",           "parked_first", "parked_try",     "progress",   "statement",
                           "told_doubt"};
  facts.grants = mysql::Grants("'ctl'@'%'", {"GRANT SELECT, TRIGGER ON *.* TO `ctl`@`%`"});
  facts.tables["shop.orders"] = orders();
  facts.with_rows = {"shop.orders"};
  return facts;
}

/// The finding about something of this name; fails the test when there is none or it is good.
Finding trouble(const std::vector<Finding>& findings, const std::string& what) {
  for (const Finding& finding : findings) {
    if (finding.what.find(what) != std::string::npos && finding.severity != Finding::Severity::kGood) return finding;
  }
  ADD_FAILURE() << "no finding about " << what;
  return {};
}

std::vector<Finding> troubles(std::vector<Finding> findings) {
  std::erase_if(findings, [](const Finding& finding) { return finding.severity == Finding::Severity::kGood; });
  return findings;
}

TEST(PreflightOfComparisons, MissesThoseThatTheGateAsksFor) {
  service::Config config;
  config.apply.origins = {"east", "north"};
  config.streams = {{"main", {}}};
  EXPECT_TRUE(check_comparisons(config, {}).empty()) << "no bound asks for one";
  config.gate.bounds.max_comparison_age = std::chrono::hours(26);
  const std::vector<Finding> found =
      troubles(check_comparisons(config, {{.origin = "east", .stream = "main", .began_at = {}, .why = "", .who = ""}}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Finding::Severity::kWarning);
  EXPECT_EQ(found[0].what, "recorded comparison with origin north, stream main");
}

struct Pair {
  RegionFacts east = good_facts(ServerKind::kMariadb, 1);
  RegionFacts west = good_facts(ServerKind::kMariadb, 2);
  bool west_inserts = true;

  [[nodiscard]] std::vector<Finding> check() const {
    return troubles(check_pair(
        {.region = "east", .inserts = true, .applies = west_inserts, .apply_user = "writer", .facts = &east},
        {.region = "west", .inserts = west_inserts, .applies = true, .apply_user = "writer", .facts = &west}));
  }
};

TEST(ApplySettings, OfASampleSayWhatIsNotSeen) {
  service::Config config;
  EXPECT_TRUE(check_apply_settings(config).empty()) << "nothing is applied";
  config.apply.origins = {"west"};
  EXPECT_TRUE(troubles(check_apply_settings(config)).empty());
  config.apply.look_at = change::LookAt::kSample;
  const Finding found = trouble(check_apply_settings(config), "apply.look_at");
  EXPECT_EQ(found.severity, Finding::Severity::kWarning);
  EXPECT_THAT(found.found, HasSubstr("two regions have updated one row"));
  EXPECT_THAT(found.found, HasSubstr("two origins were applied in the wrong order"));
}

TEST(PreflightTarget, FindsNothingWhereAllIsWell) {
  EXPECT_TRUE(troubles(check_target(good_facts(ServerKind::kMysql, 1), true)).empty());
}

TEST(PreflightTarget, NamesTheStatementThatMends) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.server.read_only = true;
  facts.farshore_tables = {"progress"};
  facts.binlog_filter = "binlog_ignore_db=farshore";
  facts.unanswered = {{"foreign keys", {.code = 1142, .sqlstate = "42000", .message = "denied"}}};
  const auto findings = check_target(facts, true);
  EXPECT_EQ(trouble(findings, "read_only").mend, "SET GLOBAL read_only = OFF");
  EXPECT_EQ(trouble(findings, "farshore schema").mend, "farshorectl init");
  EXPECT_THAT(trouble(findings, "farshore schema").found, HasSubstr("mismatch_example"));
  EXPECT_THAT(trouble(findings, "binlog filter").found, HasSubstr("binlog_ignore_db=farshore"));
  EXPECT_THAT(trouble(findings, "foreign keys").found, HasSubstr("denied"));
}

TEST(PreflightTarget, NeedsNoBinlogWhereNothingIsCaptured) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.server.variables["log_bin"] = "OFF";
  EXPECT_TRUE(troubles(check_target(facts, false)).empty());
  EXPECT_EQ(trouble(check_target(facts, true), "log_bin").found, "OFF");
}

TEST(PreflightTarget, SaysOfATableWhatApplyWouldWaitFor) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  mysql::TableSchema& table = facts.tables["shop.orders"];
  EXPECT_TRUE(troubles(check_target_tables(facts, "writer")).empty());
  table.triggers = {{"looks_who_writes", "IF USER() NOT LIKE 'writer@%' THEN ..."}};
  EXPECT_EQ(trouble(check_target_tables(facts, "writer"), "shop.orders").severity, Finding::Severity::kWarning);
  table.triggers = {{"log_it", "INSERT INTO log VALUES (1)"}};
  EXPECT_THAT(trouble(check_target_tables(facts, "writer"), "shop.orders").found, HasSubstr("log_it"));
  table.triggers.clear();
  table.engine = "MEMORY";
  EXPECT_THAT(trouble(check_target_tables(facts, "writer"), "shop.orders").found, HasSubstr("engine MEMORY"));
  table.engine = "InnoDB";
  table.primary_key.clear();
  EXPECT_EQ(trouble(check_target_tables(facts, "writer"), "shop.orders").severity, Finding::Severity::kMend);
  table.columns.push_back(column("place", "point"));
  EXPECT_EQ(trouble(check_target_tables(facts, "writer"), "shop.orders").found,
            "column place has type point, which cannot be read yet; leave the table out");
}

TEST(PreflightAccounts, ApplyMayWriteTheCapturedSchemasAndItsOwn) {
  const std::string everywhere = "GRANT REPLICATION SLAVE, REPLICATION CLIENT, REFERENCES ON *.* TO `a`@`%`";
  const std::string rows = "GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON ";
  const auto missing = [](std::vector<std::string> lines) {
    return troubles(check_apply_grants(mysql::Grants("'a'@'%'", std::move(lines)), ServerKind::kMysql, {"shop"}));
  };
  EXPECT_TRUE(missing({everywhere, rows + "*.* TO `a`@`%`"}).empty());
  EXPECT_TRUE(missing({everywhere, rows + "`farshore`.* TO `a`@`%`", rows + "`shop`.* TO `a`@`%`"}).empty());
  const auto shop =
      missing({everywhere, rows + "`farshore`.* TO `a`@`%`", "GRANT SELECT, INSERT ON `shop`.* TO `a`@`%`"});
  ASSERT_EQ(shop.size(), 3U);
  EXPECT_EQ(shop[0].mend, "GRANT UPDATE ON `shop`.* TO 'a'@'%'");
  const std::vector<std::string> each{"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `a`@`%`",
                                      rows + "`farshore`.* TO `a`@`%`", rows + "`shop`.* TO `a`@`%`"};
  const auto keys = missing(each);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].mend, "GRANT REFERENCES ON *.* TO 'a'@'%'");
  EXPECT_EQ(keys[0].severity, Finding::Severity::kWarning) << "apply starts without it";
  EXPECT_EQ(shop[0].severity, Finding::Severity::kMend);
  const auto replication = missing({rows + "*.* TO `a`@`%`"});
  ASSERT_EQ(replication.size(), 2U);
  EXPECT_EQ(replication[1].mend, "GRANT REPLICATION CLIENT ON *.* TO 'a'@'%'");
}

TEST(PreflightAccounts, ApplyReadsItsMarkerBackFromMariadbWithoutReplicationSlave) {
  const std::vector<std::string> lines{"GRANT BINLOG MONITOR, REFERENCES ON *.* TO `a`@`%`",
                                       "GRANT SELECT, INSERT, UPDATE, DELETE ON `farshore`.* TO `a`@`%`"};
  EXPECT_TRUE(troubles(check_apply_grants(mysql::Grants("'a'@'%'", lines), ServerKind::kMariadb, {})).empty());
}

TEST(PreflightAccounts, FarshorectlSeesTriggersOfTheCapturedSchemas) {
  const std::vector<std::string> lines{"GRANT REPLICATION CLIENT ON *.* TO `c`@`%`",
                                       "GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON `farshore`.* TO `c`@`%`",
                                       "GRANT SELECT ON `shop`.* TO `c`@`%`"};
  const auto missing = troubles(check_ctl_grants(mysql::Grants("'c'@'%'", lines), ServerKind::kMysql, {"shop"}));
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].mend, "GRANT TRIGGER ON `shop`.* TO 'c'@'%'");
}

TEST(PreflightAccounts, TheGateReadsTheFarshoreSchema) {
  EXPECT_TRUE(
      troubles(check_gate_grants(mysql::Grants("'g'@'%'", {"GRANT SELECT ON `farshore`.* TO `g`@`%`"}))).empty());
  EXPECT_EQ(trouble(check_gate_grants(mysql::Grants("'g'@'%'", {})), "account of gate").mend,
            "GRANT SELECT ON `farshore`.* TO 'g'@'%'");
}

TEST(PreflightPair, FindsNothingWhereBothSidesAgree) { EXPECT_TRUE(Pair().check().empty()); }

TEST(PreflightPair, WantsADomainOfItsOwnForEachMariadb) {
  Pair pair;
  pair.west.server.gtid_domain = 1;
  EXPECT_THAT(trouble(pair.check(), "gtid_domain_id").found, HasSubstr("east: 1, west: 1"));
  pair.west.server.kind = ServerKind::kMysql;
  EXPECT_TRUE(pair.check().empty());
}

TEST(PreflightPair, RefusesTwoFilesThatNameOneServer) {
  Pair pair;
  pair.west.server.uuid = pair.east.server.uuid;
  EXPECT_EQ(trouble(pair.check(), "server identity").severity, Finding::Severity::kMend);
}

TEST(PreflightPair, WantsAutoIncrementsApartWhereBothRegionsInsert) {
  Pair pair;
  pair.west.server.variables["auto_increment_offset"] = "1";
  EXPECT_THAT(trouble(pair.check(), "auto_increment").found, HasSubstr("east: 2/1, west: 2/1"));
  pair.west_inserts = false;
  EXPECT_TRUE(pair.check().empty());
  pair.west_inserts = true;
  pair.east.server.variables["auto_increment_increment"] = "1";
  pair.west.server.variables["auto_increment_increment"] = "1";
  EXPECT_EQ(trouble(pair.check(), "auto_increment").severity, Finding::Severity::kMend);
  pair.east.tables["shop.orders"].columns[0].auto_increment = false;
  pair.west.tables["shop.orders"].columns[0].auto_increment = false;
  EXPECT_TRUE(pair.check().empty()) << "no table generates numbers";
}

TEST(PreflightPair, SaysInBothDirectionsWhatApplyWouldWaitFor) {
  Pair pair;
  pair.west.tables["shop.orders"].primary_key = {"id", "word"};
  pair.west.tables["shop.orders"].columns[1].collation = "utf8mb4_bin";
  const auto findings = pair.check();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].where, "east to west");
  EXPECT_EQ(findings[0].what, "table shop.orders");
  EXPECT_EQ(findings[0].found, "it has the primary key (id, word) here and (id) at the source");
  EXPECT_EQ(findings[1].where, "west to east");
  EXPECT_EQ(findings[1].found, "it has the primary key (id) here and (id, word) at the source");
  pair.west_inserts = false;
  EXPECT_EQ(pair.check().size(), 1U);
}

TEST(PreflightPair, WarnsOfTypesThatDoNotHoldEveryValue) {
  Pair pair;
  pair.west.tables["shop.orders"].columns[0].data_type = "int";
  EXPECT_EQ(trouble(pair.check(), "column id").severity, Finding::Severity::kWarning);
}

TEST(PreflightPair, FindsTablesThatOneSideLacks) {
  Pair pair;
  pair.east.tables["shop.only_east"] = orders();
  const auto findings = pair.check();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].what + " " + findings[0].found, "table shop.only_east does not exist here");
}

TEST(PreflightPair, FindsTablesWithRowsOnOneSideAlone) {
  Pair pair;
  pair.west.with_rows.clear();
  EXPECT_EQ(trouble(pair.check(), "rows of table shop.orders").found, "some in east, none in west");
  pair.east.with_rows.clear();
  EXPECT_TRUE(pair.check().empty());
}

TEST(PreflightPair, ComparesCascadesWhereTheTargetIsToRepeatThem) {
  Pair pair;
  mysql::TableSchema lines = orders();
  lines.name = "lines";
  pair.east.tables["shop.lines"] = pair.west.tables["shop.lines"] = lines;
  pair.west_inserts = false;
  pair.east.keys = {lines_of_orders()};
  EXPECT_EQ(pair.check().size(), 2U) << "of parent and child";
  EXPECT_THAT(trouble(pair.check(), "shop.orders").found, HasSubstr("the source's foreign key fk of shop.lines"));
  pair.west.keys = pair.east.keys;
  EXPECT_TRUE(pair.check().empty());
  pair.east.keys.clear();
  EXPECT_TRUE(pair.check().empty()) << "apply writes without the target's key";
}

TEST(PreflightPair, WarnsOfFamiliesThatBothRegionsWriteAndOneDoesNotLog) {
  Pair pair;
  mysql::TableSchema lines = orders();
  lines.name = "lines";
  for (RegionFacts* const region : {&pair.east, &pair.west}) {
    region->tables["shop.lines"] = lines;
    region->keys = {lines_of_orders()};
  }
  const auto warned = [&] {
    const auto findings = pair.check();
    return std::ranges::any_of(
        findings, [](const Finding& one) { return one.what == "foreign keys that cascade" && !one.mend.empty(); });
  };
  EXPECT_TRUE(warned()) << "neither logs them";
  for (RegionFacts* const region : {&pair.west, &pair.east}) {
    EXPECT_TRUE(warned());
    region->server.kind = ServerKind::kMysql;
    region->server.version_number = 90600;
  }
  EXPECT_FALSE(warned()) << "both log them";
  pair.west.server.version_number = 80400;
  EXPECT_TRUE(warned());
  pair.west_inserts = false;
  EXPECT_FALSE(warned()) << "one region writes";
}

TEST(PreflightPair, TakesMariadbsJsonForJson) {
  Pair pair;
  pair.east.server.kind = ServerKind::kMysql;
  pair.east.tables["shop.orders"].columns.push_back(column("doc", "json"));
  pair.west.tables["shop.orders"].columns.push_back(column("doc", "longtext", "utf8mb4_bin"));
  EXPECT_TRUE(pair.check().empty());
}

TEST(PreflightPair, ComparesTheConfigurations) {
  const std::string origins =
      "origins: [{name: e, region: east, socket: /s, server_id: 1}, {name: w, region: west, socket: /s, server_id: "
      "2}]\n";
  const auto east = service::parse_config("region: east\n" + origins, "east.yaml");
  const auto west = service::parse_config("region: west\n" + origins, "west.yaml");
  EXPECT_TRUE(troubles(check_pair_configs(east, west)).empty());
  EXPECT_FALSE(troubles(check_pair_configs(east, east)).empty());
  const auto other =
      service::parse_config("region: west\n" + origins + "streams: {main: {partitions: 4}}\n", "west.yaml");
  EXPECT_THAT(trouble(check_pair_configs(east, other), "streams").found, HasSubstr("4 partitions"));
}

}  // namespace
}  // namespace farshore::ctl
