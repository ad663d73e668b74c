#include "capture/source/source_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "capture/source/cascade_groups.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"
#include "mysql/schema_lists.hpp"

namespace farshore::capture {

namespace {

using Severity = CheckResult::Severity;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// A global variable and what it has to be; servers answer 1 as well as ON.
struct WantedSetting {
  std::string_view name;
  std::string_view wanted;
  std::string_view mend;
};

constexpr WantedSetting kEverywhere[] = {
    {"log_bin", "ON", "start the server with log_bin"},
    {"binlog_format", "ROW",
     "SET GLOBAL binlog_format = 'ROW', and in the server's option file; sessions that are "
     "open keep the old value"},
    {"binlog_row_image", "FULL",
     "SET GLOBAL binlog_row_image = 'FULL', and in the server's option file; sessions that "
     "are open keep the old value"},
    {"binlog_row_metadata", "FULL", "SET GLOBAL binlog_row_metadata = 'FULL', and in the server's option file"},
};
constexpr WantedSetting kOnMysql[] = {
    {"gtid_mode", "ON", "SET GLOBAL gtid_mode = ON (in its steps: OFF_PERMISSIVE, ON_PERMISSIVE, ON)"},
    {"enforce_gtid_consistency", "ON", "SET GLOBAL enforce_gtid_consistency = ON"},
    {"binlog_row_value_options", "", "SET GLOBAL binlog_row_value_options = '', and in the server's option file"},
    // Else gtid_executed may lack a transaction that is in the binlog before another which it has: an epoch that begins
    // at such a position would take the first one for errant.
    {"binlog_order_commits", "ON", "SET GLOBAL binlog_order_commits = ON, and in the server's option file"},
};
constexpr WantedSetting kOnMariadb[] = {
    {"gtid_strict_mode", "ON", "SET GLOBAL gtid_strict_mode = ON, and in the server's option file"},
};

std::string normal(std::string_view value) {
  std::string text = upper(value);
  if (text == "1") return "ON";
  if (text == "0") return "OFF";
  return text;
}

CheckResult check(const mysql::ServerInfo& server, const WantedSetting& setting) {
  const std::string found = normal(server.variable(setting.name));
  CheckResult result{std::string(setting.name), found, std::string(setting.wanted), "", Severity::kGood, false};
  if (found != setting.wanted) {
    result.severity = Severity::kError;
    result.mend = setting.mend;
  }
  return result;
}

CheckResult check_server_id(const mysql::ServerInfo& server) {
  CheckResult result{"server_id", std::to_string(server.server_id), "not 0", "", Severity::kGood, false};
  if (server.server_id == 0) {
    result.severity = Severity::kError;
    result.mend = "SET GLOBAL server_id to a number that no other server of the replication has";
  }
  return result;
}

CheckResult check_privilege(const mysql::Grants& grants, const std::vector<std::string_view>& names,
                            std::string_view what_for) {
  const bool good = std::ranges::any_of(names, [&](std::string_view name) { return grants.has(name); });
  CheckResult result{fmt::format("grant {}", names.front()),
                     good ? "granted" : "not granted",
                     fmt::format("granted on *.* ({})", what_for),
                     "",
                     Severity::kGood,
                     false};
  if (!good) {
    result.severity = Severity::kError;
    result.mend = fmt::format("GRANT {} ON *.* TO {}", names.front(), grants.account());
  }
  return result;
}

std::string of_applications() { return " TABLE_SCHEMA NOT IN " + mysql::list_of_system_schemas(); }

}  // namespace

std::string CheckResult::sentence() const {
  if (severity == Severity::kGood) return fmt::format("{} is {}", name, found.empty() ? "empty" : found);
  return fmt::format("{} is {}, and has to be {}: {}", name, found.empty() ? "empty" : found,
                     wanted.empty() ? "empty" : wanted, mend);
}

std::vector<CheckResult> check_settings(const mysql::ServerInfo& server) {
  std::vector<CheckResult> results;
  for (const WantedSetting& setting : kEverywhere) results.push_back(check(server, setting));
  if (server.kind == ServerKind::kMysql)
    for (const WantedSetting& setting : kOnMysql) results.push_back(check(server, setting));
  else
    for (const WantedSetting& setting : kOnMariadb) results.push_back(check(server, setting));
  results.push_back(check_server_id(server));
  return results;
}

std::vector<CheckResult> check_grants(const mysql::Grants& grants, ServerKind kind) {
  std::vector<CheckResult> results;
  results.push_back(check_privilege(grants, {"REPLICATION SLAVE", "REPLICATION REPLICA"}, "to read the binlog"));
  if (kind == ServerKind::kMysql)
    results.push_back(check_privilege(grants, {"REPLICATION CLIENT"}, "to list the binlogs"));
  else
    results.push_back(check_privilege(grants, {"BINLOG MONITOR", "REPLICATION CLIENT"}, "to list the binlogs"));
  results.push_back(check_privilege(grants, {"SELECT"}, "to see tables and foreign keys"));
  return results;
}

std::expected<std::vector<TableFacts>, mysql::SqlError> read_tables(mysql::Connection& connection) {
  const auto rows = connection.query(
      fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(ENGINE, ''), TABLE_TYPE = 'SEQUENCE', TABLE_TYPE = "
                  "'SYSTEM VERSIONED' FROM "
                  "information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') AND{}",
                  of_applications()));
  if (!rows) return std::unexpected(rows.error());
  // After the tables: one that is made in between is not in the list, and none in the list lacks a key for having come.
  const auto keyed = connection.query(fmt::format(
      "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE COLUMN_KEY = 'PRI' AND{}",
      of_applications()));
  if (!keyed) return std::unexpected(keyed.error());
  std::set<std::pair<std::string, std::string>> with_key;
  for (std::size_t i = 0; i < keyed->size(); ++i) with_key.emplace(keyed->text(i, 0), keyed->text(i, 1));
  std::vector<TableFacts> tables;
  for (std::size_t i = 0; i < rows->size(); ++i)
    tables.push_back({.schema = rows->text(i, 0),
                      .name = rows->text(i, 1),
                      .engine = rows->text(i, 2),
                      .has_primary_key = with_key.contains({rows->text(i, 0), rows->text(i, 1)}),
                      .is_sequence = rows->text(i, 3) == "1",
                      .is_versioned = rows->text(i, 4) == "1"});
  if (std::ranges::all_of(tables, &TableFacts::has_primary_key)) return tables;
  // One that was dropped in between has no key any more.
  const auto still = connection.query(
      fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE{}", of_applications()));
  if (!still) return std::unexpected(still.error());
  std::set<std::pair<std::string, std::string>> there;
  for (std::size_t i = 0; i < still->size(); ++i) there.emplace(still->text(i, 0), still->text(i, 1));
  std::erase_if(tables, [&](const TableFacts& table) {
    return !table.has_primary_key && !there.contains({table.schema, table.name});
  });
  return tables;
}

std::vector<std::string> newly_captured(const std::vector<TableFacts>& tables, const change::TableRules& before,
                                        const change::TableRules& now) {
  std::vector<std::string> names;
  for (const TableFacts& table : tables)
    if (is_captured(table.schema, table.name, now) && !is_captured(table.schema, table.name, before))
      names.push_back(TableName{table.schema, table.name}.to_string());
  return names;
}

std::optional<std::string> warn_of_rows_there(mysql::Connection& connection, const change::TableRules& rules) {
  constexpr std::size_t kNamed = 10;
  const auto tables = read_tables(connection);
  if (!tables) return std::nullopt;
  std::vector<TableName> captured;
  for (const TableFacts& table : *tables)
    if (!table.is_sequence && is_captured(table.schema, table.name, rules))
      captured.push_back({table.schema, table.name});
  const auto filled = mysql::tables_with_rows(connection, captured);
  if (!filled || filled->empty()) return std::nullopt;
  std::string names;
  for (std::size_t i = 0; i < std::min(kNamed, filled->size()); ++i)
    names += (i == 0 ? "" : ", ") + (*filled)[i].for_people();
  if (filled->size() > kNamed) names += fmt::format(" and {} more", filled->size() - kNamed);
  return fmt::format(
      "{} of {} captured tables have rows already: {}. What was written before this first start's position is never "
      "sent: copy it to the other regions (docs/operating/first-copy.md), and then say that the tables began equal "
      "(farshorectl equal)",
      filled->size(), captured.size(), names);
}

std::vector<CheckResult> check_tables(const std::vector<TableFacts>& tables, const change::TableRules& rules) {
  std::vector<CheckResult> results;
  for (const TableFacts& table : tables) {
    const std::string name = fmt::format("table {}.{}", table.schema, table.name);
    if (!rules.route(table.schema, table.name).captured) {
      // Others of its schema are taken: nobody else would say that this one is not.
      const bool cannot_be = !table.is_sequence && (!table.has_primary_key || table.is_versioned);
      if (cannot_be && rules.may_capture(table.schema))
        results.push_back({name, "left out of every stream", "of this region alone",
                           fmt::format("it {}, so its changes are not carried",
                                       table.is_versioned ? "is system-versioned" : "has no primary key"),
                           Severity::kWarning, true});
      continue;
    }
    if (change::has_point(table.schema)) {
      results.push_back(
          {name, fmt::format("of schema \"{}\"", table.schema), "of one without a point in its name",
           fmt::format("{}: capture stops at its first change", change::leave_out_pointed(table.schema, table.name)),
           Severity::kError, true});
      continue;
    }
    if (table.is_sequence) {
      results.push_back({name, "a sequence", "a table",
                         "use AUTO_INCREMENT, or narrow the streams' patterns so that none takes it: its row has no "
                         "primary key, and capture stops at its first change",
                         Severity::kError, true});
      continue;
    }
    if (table.is_versioned)
      results.push_back({name, "system-versioned", "an ordinary table",
                         fmt::format("leave it out of every stream (\"!{}.{}\" in the stream's tables) or, before the "
                                     "origin's first start, ALTER TABLE {}.{} DROP SYSTEM VERSIONING: its history "
                                     "cannot be applied at another region",
                                     table.schema, table.name, table.schema, table.name),
                         Severity::kError, false});
    if (!table.has_primary_key)
      results.push_back({name, "without a primary key", "with one",
                         fmt::format("add a primary key, or leave the table out (\"!{}.{}\" in the stream's tables, or "
                                     "a table rule with merge: local): capture stops at its first change",
                                     table.schema, table.name),
                         Severity::kError, true});
    const std::string engine = upper(table.engine);
    if (engine != "INNODB" && engine != "ROCKSDB" && engine != "NDBCLUSTER")
      results.push_back({name, "of engine " + table.engine, "of a transactional engine",
                         "ALTER TABLE ... ENGINE=InnoDB, or leave the table out of every stream", Severity::kWarning,
                         true});
  }
  return results;
}

std::expected<bool, mysql::SqlError> is_versioned(mysql::Connection& connection, std::string_view schema,
                                                  std::string_view table) {
  const auto rows =
      connection.query(fmt::format("SELECT TABLE_TYPE = 'SYSTEM VERSIONED' FROM information_schema.TABLES WHERE "
                                   "TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                   mysql::text_literal(schema), mysql::text_literal(table)));
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty() && rows->text(0, 0) == "1";
}

CheckResult check_cascade(const Cascade& unrepeated) {
  const std::string parent = unrepeated.parent.for_people();
  const bool can_be_taken = !change::has_point(unrepeated.parent.schema);
  const std::string child = unrepeated.child.for_people();
  return {
      .name = "table " + child,
      .found = fmt::format("changed by a cascade from {}, which no stream takes", parent),
      .wanted = "changed only by what is captured",
      .mend = fmt::format("{}leave {} out of every stream, or drop the cascade: the source does not log the rows that "
                          "it changes, so the other regions keep the old ones",
                          can_be_taken ? fmt::format("let a stream take {} too, ", parent) : "", child),
      .severity = Severity::kError,
      .is_of_a_table = true};
}

CheckResult check_binlog_filter(const std::string& filter) {
  CheckResult result{.name = "binlog filter",
                     .found = filter.empty() ? "none" : filter,
                     .wanted = "none",
                     .mend = "",
                     .severity = Severity::kGood,
                     .hides_changes = true};
  if (filter.empty()) return result;
  result.severity = Severity::kError;
  result.mend =
      "take binlog_do_db and binlog_ignore_db out of the server's option file and restart it: what the binlog leaves "
      "out cannot be captured, and apply's progress write must show in it, or applied rows would be captured again";
  return result;
}

std::expected<std::vector<CheckResult>, mysql::SqlError> check_source(mysql::Connection& connection,
                                                                      const mysql::ServerInfo& server,
                                                                      const SourceWants& wants) {
  std::vector<CheckResult> results = check_settings(server);
  if (wants.capture_server_id == server.server_id)
    results.push_back(
        {"the origin's server_id", std::to_string(wants.capture_server_id), "another than the server's own",
         "give the origin in the configuration a server_id that no server or replica has", Severity::kError, false});
  const auto grants = mysql::Grants::read(connection);
  if (!grants) return std::unexpected(grants.error());
  auto rights = check_grants(*grants, server.kind);
  // Without its rights capture cannot ask for the rest.
  const bool may_ask =
      std::ranges::none_of(rights, [](const CheckResult& right) { return right.severity == Severity::kError; });
  std::ranges::move(rights, std::back_inserter(results));
  if (may_ask) {
    const auto filter = mysql::read_binlog_filter(connection, server);
    if (!filter) return std::unexpected(filter.error());
    results.push_back(check_binlog_filter(*filter));
  }

  auto tables = read_tables(connection);
  if (!tables) return std::unexpected(tables.error());
  std::ranges::move(check_tables(*tables, wants.rules), std::back_inserter(results));
  return results;
}

}  // namespace farshore::capture
