#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/preflight_checks.hpp"

namespace farshore::ctl {
namespace {

using testing::HasSubstr;

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
  facts.farshore_tables = {"channel_offset", "conflict", "equality", "home", "parked", "progress", "statement"};
  facts.grants = mysql::Grants("'ctl'@'%'", {"GRANT SELECT, TRIGGER ON *.* TO `ctl`@`%`"});
  facts.tables["shop.orders"] = {.engine = "InnoDB",
                                 .auto_increment = true,
                                 .has_second_unique_key = false,
                                 .columns = {{.name = "id", .type = "bigint"},
                                             {.name = "word", .type = "varchar", .collation = "utf8mb4_general_ci"}},
                                 .key = {"id"},
                                 .triggers = {},
                                 .cascades = {}};
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

struct Pair {
  RegionFacts east = good_facts(ServerKind::kMariadb, 1);
  RegionFacts west = good_facts(ServerKind::kMariadb, 2);
  bool west_inserts = true;

  [[nodiscard]] std::vector<Finding> check() const {
    return troubles(check_pair({.region = "east", .inserts = true, .facts = &east},
                               {.region = "west", .inserts = west_inserts, .facts = &west}));
  }
};

TEST(PreflightTarget, FindsNothingWhereAllIsWell) {
  EXPECT_TRUE(troubles(check_target(good_facts(ServerKind::kMysql, 1), true)).empty());
}

TEST(PreflightTarget, NamesTheStatementThatMends) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.server.read_only = true;
  facts.farshore_tables = {"progress"};
  facts.binlog_filter = "binlog_ignore_db=farshore";
  facts.tables["shop.memory"] = {
      .engine = "MEMORY", .columns = {}, .key = {"id"}, .triggers = {"log_it"}, .cascades = {}};
  facts.tables["shop.users"] = {
      .engine = "InnoDB", .has_second_unique_key = true, .columns = {}, .key = {"id"}, .triggers = {}, .cascades = {}};
  const auto findings = check_target(facts, true);
  EXPECT_EQ(trouble(findings, "read_only").mend, "SET GLOBAL read_only = OFF");
  EXPECT_EQ(trouble(findings, "farshore schema").mend, "farshorectl init");
  EXPECT_THAT(trouble(findings, "binlog filter").found, HasSubstr("binlog_ignore_db=farshore"));
  EXPECT_EQ(trouble(findings, "shop.memory").mend, "ALTER TABLE shop.memory ENGINE=InnoDB");
  EXPECT_THAT(trouble(findings, "shop.users").found, HasSubstr("unique key"));
}

TEST(PreflightTarget, NeedsNoBinlogWhereNothingIsCaptured) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.server.variables["log_bin"] = "OFF";
  EXPECT_TRUE(troubles(check_target(facts, false)).empty());
  EXPECT_EQ(trouble(check_target(facts, true), "log_bin").found, "OFF");
}

TEST(PreflightTarget, SaysThatTriggersCannotBeSeen) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.grants = mysql::Grants("'ctl'@'%'", {"GRANT SELECT ON *.* TO `ctl`@`%`"});
  EXPECT_EQ(trouble(check_target(facts, false), "triggers").mend, "GRANT TRIGGER ON *.* TO 'ctl'@'%'");
}

TEST(PreflightTarget, RefusesTriggersThatWouldFireTwice) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.tables["shop.orders"].guarded_triggers = {"looks_who_writes"};
  EXPECT_EQ(trouble(check_target(facts, false), "shop.orders").severity, Finding::Severity::kWarning);
  facts.tables["shop.orders"].triggers = {"log_it"};
  EXPECT_EQ(trouble(check_target(facts, false), "shop.orders").severity, Finding::Severity::kMend);
  EXPECT_THAT(trouble(check_target(facts, false), "shop.orders").found, HasSubstr("log_it"));
}

TEST(PreflightTarget, RefusesATableWithoutAPrimaryKey) {
  RegionFacts facts = good_facts(ServerKind::kMysql, 1);
  facts.tables["shop.orders"].key.clear();
  EXPECT_EQ(trouble(check_target(facts, false), "shop.orders").severity, Finding::Severity::kMend);
}

TEST(PreflightAccounts, ApplyMayWriteTheCapturedSchemasAndItsOwn) {
  const std::string everywhere = "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `a`@`%`";
  const std::string rows = "GRANT SELECT, INSERT, UPDATE, DELETE ON ";
  const auto missing = [](std::vector<std::string> lines) {
    return troubles(check_apply_grants(mysql::Grants("'a'@'%'", std::move(lines)), ServerKind::kMysql, {"shop"}));
  };
  EXPECT_TRUE(missing({everywhere, rows + "*.* TO `a`@`%`"}).empty());
  EXPECT_TRUE(missing({everywhere, rows + "`farshore`.* TO `a`@`%`", rows + "`shop`.* TO `a`@`%`"}).empty());
  const auto shop =
      missing({everywhere, rows + "`farshore`.* TO `a`@`%`", "GRANT SELECT, INSERT ON `shop`.* TO `a`@`%`"});
  ASSERT_EQ(shop.size(), 2U);
  EXPECT_EQ(shop[0].mend, "GRANT UPDATE ON `shop`.* TO 'a'@'%'");
  const auto replication = missing({rows + "*.* TO `a`@`%`"});
  ASSERT_EQ(replication.size(), 2U);
  EXPECT_EQ(replication[1].mend, "GRANT REPLICATION CLIENT ON *.* TO 'a'@'%'");
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
  pair.east.tables["shop.orders"].auto_increment = false;
  pair.west.tables["shop.orders"].auto_increment = false;
  EXPECT_TRUE(pair.check().empty()) << "no table generates numbers";
}

TEST(PreflightPair, ComparesTheCollationsOfKeysAlone) {
  Pair pair;
  pair.west.tables["shop.orders"].columns[1].collation = "utf8mb4_0900_ai_ci";
  EXPECT_TRUE(pair.check().empty()) << "not a key column";
  pair.east.tables["shop.orders"].key = {"word"};
  pair.west.tables["shop.orders"].key = {"word"};
  EXPECT_THAT(trouble(pair.check(), "primary key, column word").found, HasSubstr("utf8mb4_0900_ai_ci"));
}

TEST(PreflightPair, TakesTwoBytewiseCollationsThatPadAlikeAsEqual) {
  Pair pair;
  auto& east = pair.east.tables["shop.orders"];
  auto& west = pair.west.tables["shop.orders"];
  east.key = west.key = {"word"};
  east.columns[1].collation = "utf8mb4_bin";
  west.columns[1].collation = "utf8mb3_bin";
  EXPECT_TRUE(pair.check().empty());
  west.columns[1].collation = "utf8mb4_0900_bin";
  EXPECT_EQ(trouble(pair.check(), "primary key, column word").severity, Finding::Severity::kMend) << "it does not pad";
}

TEST(PreflightPair, FindsTablesColumnsKeysAndCascadesThatDiffer) {
  Pair pair;
  pair.west.tables["shop.orders"].key = {"id", "word"};
  pair.west.tables["shop.orders"].cascades = {"fk"};
  pair.west.tables["shop.orders"].columns[0].is_unsigned = true;
  pair.west.tables["shop.orders"].columns.push_back({.name = "extra", .type = "int"});
  pair.east.tables["shop.only_east"] = {};
  const auto findings = pair.check();
  EXPECT_THAT(trouble(findings, "primary key").found, HasSubstr("east: (id), west: (id, word)"));
  EXPECT_THAT(trouble(findings, "cascading").found, HasSubstr("west: fk"));
  EXPECT_EQ(trouble(findings, "column id").severity, Finding::Severity::kWarning);
  EXPECT_EQ(trouble(findings, "column extra").found, "missing in east");
  EXPECT_EQ(trouble(findings, "shop.only_east").found, "only in east");
}

TEST(PreflightPair, TakesMariadbsJsonForJson) {
  Pair pair;
  pair.east.tables["shop.orders"].columns.push_back({.name = "doc", .type = "json"});
  pair.west.tables["shop.orders"].columns.push_back({.name = "doc", .type = "longtext", .length_bytes = 4294967295});
  EXPECT_TRUE(pair.check().empty());
}

TEST(PreflightPair, ComparesTheConfigurations) {
  const std::string origins =
      "origins: [{name: e, region: east, socket: /s, server_id: 1}, {name: w, region: west, socket: /s, server_id: "
      "2}]\n";
  const auto east = common::parse_config("region: east\n" + origins, "east.yaml");
  const auto west = common::parse_config("region: west\n" + origins, "west.yaml");
  EXPECT_TRUE(troubles(check_pair_configs(east, west)).empty());
  EXPECT_FALSE(troubles(check_pair_configs(east, east)).empty());
  const auto other =
      common::parse_config("region: west\n" + origins + "streams: {main: {partitions: 4}}\n", "west.yaml");
  EXPECT_THAT(trouble(check_pair_configs(east, other), "streams").found, HasSubstr("4 partitions"));
}

}  // namespace
}  // namespace farshore::ctl
