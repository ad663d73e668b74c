#include "apply/target_rights.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/own_schemas.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"

namespace farshore::apply {
namespace {

TargetRight right_on(const mysql::Grants& grants, std::string_view privilege, const std::string& schema) {
  TargetRight right;
  right.privilege = privilege;
  right.on = schema.empty() ? "*.*" : mysql::quote_identifier(schema) + ".*";
  right.granted = schema.empty() ? grants.has(privilege) : grants.has(privilege, schema);
  right.mend = fmt::format("GRANT {} ON {} TO {}", privilege, right.on, grants.account());
  return right;
}

}  // namespace

std::string TargetRight::name() const { return fmt::format("account of apply: {} on {}", privilege, on); }

std::vector<TargetRight> target_rights(const mysql::Grants& grants, ServerKind kind,
                                       const std::set<std::string>& schemas) {
  std::vector<TargetRight> rights;
  std::set<std::string> written = schemas;
  written.emplace(kOwnSchema);
  for (const std::string& schema : written) {
    for (const std::string_view privilege : {"SELECT", "INSERT", "UPDATE", "DELETE", "TRIGGER"}) {
      if (privilege == "TRIGGER" && schema == kOwnSchema) continue;
      rights.push_back(right_on(grants, privilege, schema));
    }
  }
  rights.push_back(right_on(grants, "REFERENCES", ""));
  rights.back().granted = blind_to_keys(grants).empty();
  rights.back().is_needed_at_start = false;  // no table with cascades is bound without it, see TargetCatalog
  // The self-test asks where the binlog ends, and reads its events.
  if (kind == ServerKind::kMysql) {
    rights.push_back(right_on(grants, "REPLICATION SLAVE", ""));
    rights.push_back(right_on(grants, "REPLICATION CLIENT", ""));
  } else {
    rights.push_back(right_on(grants, "BINLOG MONITOR", ""));
  }
  return rights;
}

std::expected<LackingRights, mysql::SqlError> find_lacking_rights(mysql::Connection& connection,
                                                                  const change::TableRules& rules) {
  const auto grants = mysql::Grants::read(connection);
  if (!grants) return std::unexpected(grants.error());
  const auto mariadb = mysql::is_mariadb(connection);
  if (!mariadb) return std::unexpected(mariadb.error());
  const auto rows = connection.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'");
  if (!rows) return std::unexpected(rows.error());
  std::set<std::string> schemas;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::string& schema = rows->text(row, 0);
    // What is given table by table shows at the first row.
    if (rules.route(schema, rows->text(row, 1)).captured && !grants->has_of_tables(schema)) schemas.insert(schema);
  }
  const ServerKind kind = *mariadb ? ServerKind::kMariadb : ServerKind::kMysql;
  LackingRights lacking;
  for (const TargetRight& right : target_rights(*grants, kind, schemas)) {
    if (right.granted) continue;
    std::string& sentence = right.is_needed_at_start ? lacking.at_start : lacking.of_some_tables;
    sentence += fmt::format("{}{} is not granted: {}", sentence.empty() ? "" : "; ", right.name(), right.mend);
  }
  return lacking;
}

std::string blind_to_triggers(const mysql::Grants& grants, const std::string& schema) {
  if (grants.has("TRIGGER", schema)) return {};
  return right_on(grants, "TRIGGER", schema).mend;
}

std::string blind_to_keys(const mysql::Grants& grants) {
  if (grants.has("REFERENCES") || grants.has("SELECT")) return {};
  return right_on(grants, "REFERENCES", "").mend;
}

}  // namespace farshore::apply
