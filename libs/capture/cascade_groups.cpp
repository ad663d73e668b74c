#include "capture/cascade_groups.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <functional>
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

bool captured(const change::TableRules& rules, std::string_view name) {
  const auto dot = name.find('.');
  return dot != std::string_view::npos && rules.route(name.substr(0, dot), name.substr(dot + 1)).captured;
}

std::string full_name(const binlog::TableName& table) { return table.schema + "." + table.table; }

}  // namespace

bool is_tie(const Cascade& key, const change::TableRules& rules) {
  return captured(rules, key.parent) && captured(rules, key.child);
}

bool is_unrepeated(const Cascade& key, const change::TableRules& rules) {
  return !captured(rules, key.parent) && captured(rules, key.child);
}

CascadingKeys::CascadingKeys(std::vector<Cascade> now, const std::vector<change::CascadeGroup>& groups)
    : keys_(std::move(now)) {
  for (const change::CascadeGroup& group : groups) groups_.push_back(group.tables);
}

std::vector<Cascade> CascadingKeys::follow(const binlog::Statement& statement) {
  const auto take_out = [&](const auto& of, std::vector<Cascade>& into) {
    const auto [begin, end] = std::ranges::stable_partition(keys_, std::not_fn(of));
    into.insert(into.end(), begin, end);
    keys_.erase(begin, end);
  };
  std::vector<Cascade> told;
  for (const binlog::TableName& parent : statement.cascading_parents) {
    const Cascade key{.parent = full_name(parent), .child = full_name(statement.tables.front())};
    take_out([&](const Cascade& other) { return other == key; }, told);
    if (std::ranges::find(told, key) == told.end()) told.push_back(key);
  }
  for (const auto& rename : statement.renames) {
    const std::string before = full_name(rename.before);
    const std::string now = full_name(rename.now);
    take_out([&](const Cascade& key) { return key.child == before; }, told);
    for (std::vector<Cascade>* keys : {&keys_, &told})
      for (Cascade& key : *keys)
        for (std::string* name : {&key.parent, &key.child})
          if (*name == before) *name = now;
    for (std::vector<std::string>& tables : groups_) std::ranges::replace(tables, before, now);
  }
  if (statement.drops_tables)
    for (const binlog::TableName& table : statement.tables)
      std::erase_if(keys_, [name = full_name(table)](const Cascade& key) { return key.child == name; });
  keys_.insert(keys_.end(), told.begin(), told.end());
  return told;
}

std::vector<Cascade> CascadingKeys::new_ties(const change::TableRules& rules) const {
  std::map<std::string_view, std::size_t> group_of;
  for (std::size_t i = 0; i < rules.cascades().size(); ++i)
    for (const std::string& table : rules.cascades()[i].tables) group_of[table] = i;
  std::vector<Cascade> ties;
  const auto take = [&](const Cascade& key) {
    const auto parent = group_of.find(key.parent);
    const auto child = group_of.find(key.child);
    const bool known = parent != group_of.end() && child != group_of.end() && parent->second == child->second;
    if (!known) ties.push_back(key);
  };
  for (const Cascade& key : keys_)
    if (is_tie(key, rules)) take(key);
  for (const std::vector<std::string>& tables : groups_) {
    const std::string* last = tables.size() == 1 ? &tables.front() : nullptr;
    for (const std::string& table : tables) {
      if (!captured(rules, table)) continue;
      if (last != nullptr) take({.parent = *last, .child = table});
      last = &table;
    }
  }
  return ties;
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

std::expected<std::vector<Cascade>, mysql::SqlError> read_cascades(mysql::Connection& connection,
                                                                   const std::function<bool()>& keep_going) {
  const auto keys = connection.query(
      "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME "
      "FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA NOT IN "
      "('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2, 4, 5");
  if (!keys) return std::unexpected(keys.error());
  std::vector<Cascade> cascades;
  std::string child;
  std::string definition;  // of `child`; empty: it cannot be looked at
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const std::string& schema = keys->text(i, 0);
    const std::string& table = keys->text(i, 1);
    if (schema + "." + table != child) {
      if (!keep_going()) break;
      child = schema + "." + table;
      const auto rows = connection.query(
          fmt::format("SHOW CREATE TABLE {}.{}", mysql::quote_identifier(schema), mysql::quote_identifier(table)));
      if (!rows && mysql::is_transient(rows.error().kind)) return std::unexpected(rows.error());
      definition = rows ? rows->text(0, 1) : "";
    }
    if (!definition.empty() && !definition_cascades(definition, keys->text(i, 2))) continue;
    Cascade cascade{.parent = keys->text(i, 3) + "." + keys->text(i, 4), .child = child};
    if (cascades.empty() || cascades.back() != cascade) cascades.push_back(std::move(cascade));
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

}  // namespace farshore::capture
