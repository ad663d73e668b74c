#include "services/ctl/region_facts.hpp"

#include <utility>

#include "store/tables.hpp"

namespace farshore::ctl {
namespace {

using mysql::Connection;
using mysql::SqlError;

/// One reading of the facts. What the account may not ask is noted, and the rest is read.
class Reader {
 public:
  Reader(Connection& connection, const change::TableRules& rules) : connection_(connection), rules_(rules) {}

  std::expected<RegionFacts, SqlError> read() {
    auto server = mysql::read_server_info(connection_);
    if (!server) return std::unexpected(server.error());
    facts_.server = std::move(*server);
    take("the account's grants", mysql::Grants::read(connection_), facts_.grants);
    read_tables();
    take("foreign keys", mysql::read_foreign_keys(connection_), facts_.keys);
    read_farshore();
    std::string filter;
    take("binlog filter", mysql::read_binlog_filter(connection_, facts_.server), filter);
    if (!filter.empty()) facts_.binlog_filter = std::move(filter);
    if (lost_) return std::unexpected(std::move(*lost_));
    return std::move(facts_);
  }

 private:
  template <typename Answer>
  bool take(const std::string& what, std::expected<Answer, SqlError> answer, Answer& into) {
    if (answer) {
      into = std::move(*answer);
      return true;
    }
    if (mysql::is_transient(answer.error().kind)) {
      if (!lost_) lost_ = std::move(answer.error());
    } else {
      facts_.unanswered.push_back({what, std::move(answer.error())});
    }
    return false;
  }

  void read_tables() {
    std::vector<mysql::TableSchema> tables;
    take("tables",
         mysql::read_table_schemas(
             connection_,
             [&](std::string_view schema, std::string_view name) { return rules_.route(schema, name).captured; }),
         tables);
    std::vector<TableName> names;
    for (mysql::TableSchema& table : tables) {
      names.push_back({table.schema, table.name});
      facts_.tables.emplace(names.back().for_people(), std::move(table));
    }
    std::vector<TableName> filled;
    take("which tables have rows", mysql::tables_with_rows(connection_, names), filled);
    for (const TableName& name : filled) facts_.with_rows.insert(name.for_people());
  }

  void read_farshore() { take("the farshore schema", store::read_tables(connection_), facts_.farshore_tables); }

  Connection& connection_;
  const change::TableRules& rules_;
  RegionFacts facts_;
  std::optional<SqlError> lost_;
};

}  // namespace

std::expected<RegionFacts, SqlError> read_region_facts(Connection& connection, const change::TableRules& rules) {
  return Reader(connection, rules).read();
}

}  // namespace farshore::ctl
