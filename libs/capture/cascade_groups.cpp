#include "capture/cascade_groups.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <map>

#include "change/limits.hpp"
#include "mysql/literal.hpp"

namespace farshore::capture {

namespace {

/// Union-find over table names; the root of a tree is its least name.
class Ties {
 public:
  void tie(const std::string& a, const std::string& b) {
    const std::string root_a = root(a);
    const std::string root_b = root(b);
    if (root_a == root_b) return;
    parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }
  [[nodiscard]] std::map<std::string, std::vector<std::string>> groups() {
    std::map<std::string, std::vector<std::string>> groups;
    std::vector<std::string> names;
    for (const auto& [name, above] : parent_) names.push_back(name);
    for (const std::string& name : names) groups[root(name)].push_back(name);
    return groups;
  }

 private:
  std::string root(const std::string& name) {
    const auto found = parent_.try_emplace(name, name).first;
    if (found->second == name) return name;
    const std::string top = root(found->second);
    parent_[name] = top;
    return top;
  }

  std::map<std::string, std::string> parent_;
};

/// Readers refuse longer names. A table's full name may be longer, where its characters take several bytes.
std::string group_name(std::string_view first_table) {
  std::string name = fmt::format("cascade:{}", first_table);
  if (name.size() <= change::kMaxNameBytes) return name;
  return fmt::format("cascade:{:016x}", XXH3_64bits(first_table.data(), first_table.size()));
}

bool captured(const change::TableRules& rules, const TableName& table) {
  return rules.route(table.schema, table.table).captured;
}

}  // namespace

void Cascades::add(const change::TableRules& rules, const TableName& parent, const TableName& child) {
  const bool of_parent = captured(rules, parent);
  const bool of_child = captured(rules, child);
  if (!of_parent && !of_child) return;
  auto& kind = of_parent && of_child ? tied : of_child ? unrepeated : outside;
  kind.push_back({.parent = parent.schema + "." + parent.table, .child = child.schema + "." + child.table});
}

bool logs_cascades(const mysql::ServerInfo& server) {
  return server.kind == ServerKind::kMysql && server.is_at_least(9, 6) &&
         server.variable("innodb_native_foreign_keys") != "ON";
}

bool definition_cascades(std::string_view create_table, std::string_view constraint) {
  // One constraint a line, in both servers' own spelling.
  const std::string head = fmt::format("CONSTRAINT {} FOREIGN KEY", mysql::quote_identifier(constraint));
  const auto at = create_table.find(head);
  if (at == std::string_view::npos) return false;
  const std::string_view line = create_table.substr(at, create_table.find('\n', at) - at);
  for (const std::string_view action : {"CASCADE", "SET NULL", "SET DEFAULT"})
    for (const std::string_view event : {" ON DELETE ", " ON UPDATE "})
      if (line.find(std::string(event) + std::string(action)) != std::string_view::npos) return true;
  return false;
}

std::expected<Cascades, mysql::SqlError> read_cascades(mysql::Connection& connection, const change::TableRules& rules) {
  const auto keys = connection.query(
      "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME "
      "FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA NOT IN "
      "('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2, 3");
  if (!keys) return std::unexpected(keys.error());
  Cascades cascades;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const TableName child{.schema = keys->text(i, 0), .table = keys->text(i, 1)};
    const TableName parent{.schema = keys->text(i, 3), .table = keys->text(i, 4)};
    if (!captured(rules, child) && !captured(rules, parent)) continue;
    const auto definition = connection.query(fmt::format(
        "SHOW CREATE TABLE {}.{}", mysql::quote_identifier(child.schema), mysql::quote_identifier(child.table)));
    if (!definition && definition.error().kind == mysql::SqlErrorKind::kMissingTable) continue;  // dropped meanwhile
    if (!definition) return std::unexpected(definition.error());
    if (definition_cascades(definition->text(0, 1), keys->text(i, 2))) cascades.add(rules, parent, child);
  }
  return cascades;
}

std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                 const std::vector<Cascade>& cascades) {
  Ties ties;
  for (const change::CascadeGroup& group : known)
    for (const std::string& table : group.tables) ties.tie(group.tables.front(), table);
  for (const Cascade& cascade : cascades) ties.tie(cascade.parent, cascade.child);
  std::vector<change::CascadeGroup> groups;
  for (auto& [first, tables] : ties.groups()) groups.push_back({group_name(first), std::move(tables)});
  return groups;
}

bool tie_more(const std::vector<Cascade>& cascades, const std::vector<change::CascadeGroup>& known) {
  return !std::ranges::equal(cascade_groups(known, cascades), cascade_groups(known, {}),
                             [](const auto& a, const auto& b) { return a.tables == b.tables; });
}

}  // namespace farshore::capture
