#include "ctl/region_facts.hpp"

#include <algorithm>

#include "mysql/schema.hpp"

namespace farshore::ctl {
namespace {

using mysql::Connection;
using mysql::Rows;
using mysql::SqlError;

constexpr std::string_view kApplicationSchemas =
    " NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'farshore') ";

/// One reading of the facts; the first failed statement ends it.
class Reader {
 public:
  Reader(Connection& connection, const change::TableRules& rules, const std::string& apply_user)
      : connection_(connection), rules_(rules), apply_user_(apply_user) {}

  std::expected<RegionFacts, SqlError> read() {
    auto server = mysql::read_server_info(connection_);
    if (!server) return std::unexpected(server.error());
    facts_.server = std::move(*server);
    auto grants = mysql::Grants::read(connection_);
    if (!grants) return std::unexpected(std::move(grants.error()));
    facts_.grants = std::move(*grants);
    read_tables();
    read_columns();
    read_keys();
    read_triggers();
    read_cascades();
    read_farshore();
    read_binlog_filter();
    if (error_) return std::unexpected(std::move(*error_));
    return std::move(facts_);
  }

 private:
  /// No rows after a failure.
  Rows query(const std::string& sql) {
    if (error_) return {};
    auto rows = connection_.query(sql);
    if (rows) return std::move(*rows);
    error_ = std::move(rows.error());
    return {};
  }

  TableFacts* find(const Rows& rows, std::size_t i) {
    const auto found = facts_.tables.find(rows.text(i, 0) + "." + rows.text(i, 1));
    return found == facts_.tables.end() ? nullptr : &found->second;
  }

  void read_tables() {
    const Rows rows = query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(ENGINE, '') FROM information_schema.TABLES "
        "WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA" +
        std::string(kApplicationSchemas));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rules_.route(rows.text(i, 0), rows.text(i, 1)).captured) continue;
      facts_.tables[rows.text(i, 0) + "." + rows.text(i, 1)].engine = rows.text(i, 2);
    }
  }

  void read_columns() {
    const Rows rows = query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, LOWER(DATA_TYPE), COALESCE(COLLATION_NAME, ''), "
        "COALESCE(CHARACTER_OCTET_LENGTH, 0), COALESCE(NUMERIC_PRECISION, DATETIME_PRECISION, 0), "
        "COLUMN_TYPE LIKE '%unsigned%', EXTRA LIKE '%auto_increment%' FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA" +
        std::string(kApplicationSchemas) + "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      TableFacts* table = find(rows, i);
      if (table == nullptr) continue;
      table->columns.push_back({.name = rows.text(i, 2),
                                .type = rows.text(i, 3),
                                .collation = rows.text(i, 4),
                                .length_bytes = rows.unsigned_integer(i, 5),
                                .precision = rows.unsigned_integer(i, 6),
                                .is_unsigned = rows.text(i, 7) == "1"});
      table->auto_increment = table->auto_increment || rows.text(i, 8) == "1";
    }
  }

  void read_keys() {
    const Rows rows = query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COALESCE(COLUMN_NAME, '') FROM information_schema.STATISTICS "
        "WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA" +
        std::string(kApplicationSchemas) + "ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      TableFacts* table = find(rows, i);
      if (table == nullptr) continue;
      if (rows.text(i, 2) == "PRIMARY") {
        table->key.push_back(rows.text(i, 3));
      } else {
        table->has_second_unique_key = true;
      }
    }
  }

  /// Both servers show triggers only to accounts with the TRIGGER privilege.
  void read_triggers() {
    const Rows rows = query(
        "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_STATEMENT FROM "
        "information_schema.TRIGGERS ORDER BY TRIGGER_NAME");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      TableFacts* table = find(rows, i);
      if (table == nullptr) continue;
      const bool is_guarded = rows.text(i, 3).find(apply_user_) != std::string::npos;
      (is_guarded ? table->guarded_triggers : table->triggers).push_back(rows.text(i, 2));
    }
  }

  void read_cascades() {
    if (error_) return;
    auto keys = mysql::read_foreign_keys(connection_);
    if (!keys) {
      error_ = std::move(keys.error());
      return;
    }
    for (const mysql::ForeignKey& key : *keys) {
      if (!key.cascades()) continue;
      const auto found = facts_.tables.find(key.schema + "." + key.table);
      if (found != facts_.tables.end()) found->second.cascades.push_back(key.name);
    }
  }

  void read_farshore() {
    const Rows rows =
        query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'farshore' ORDER BY TABLE_NAME");
    for (std::size_t i = 0; i < rows.size(); ++i) facts_.farshore_tables.push_back(rows.text(i, 0));
  }

  void read_binlog_filter() {
    if (error_) return;
    auto filter = mysql::read_binlog_filter(connection_, facts_.server);
    if (!filter)
      error_ = std::move(filter.error());
    else if (!filter->empty())
      facts_.binlog_filter = std::move(*filter);
  }

  Connection& connection_;
  const change::TableRules& rules_;
  const std::string& apply_user_;
  RegionFacts facts_;
  std::optional<SqlError> error_;
};

}  // namespace

std::expected<RegionFacts, SqlError> read_region_facts(Connection& connection, const change::TableRules& rules,
                                                       const std::string& apply_user) {
  return Reader(connection, rules, apply_user).read();
}

}  // namespace farshore::ctl
