#include "capture/source/cascade_groups.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "binlog/statement.hpp"
#include "change/epoch_start.hpp"
#include "change/limits.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema_lists.hpp"

namespace farshore::capture {

namespace {

/// Union-find over tables; the root of a tree is its least name.
class Ties {
 public:
  void tie(const TableName& a, const TableName& b) {
    const TableName root_a = root(a);
    const TableName root_b = root(b);
    if (root_a == root_b) return;
    parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }
  [[nodiscard]] std::map<TableName, std::vector<TableName>> groups() {
    std::map<TableName, std::vector<TableName>> groups;
    std::vector<TableName> names;
    for (const auto& [name, above] : parent_) names.push_back(name);
    for (const TableName& name : names) groups[root(name)].push_back(name);
    return groups;
  }

  TableName root(const TableName& name) {
    const auto found = parent_.try_emplace(name, name).first;
    if (found->second == name) return name;
    const TableName top = root(found->second);
    parent_[name] = top;
    return top;
  }

 private:
  std::map<TableName, TableName> parent_;
};

/// Readers refuse longer names. A table's full name may be longer, where its characters take several bytes.
std::string group_name(const TableName& first) {
  const std::string first_table = first.to_string();
  std::string name = fmt::format("cascade:{}", first_table);
  if (name.size() <= change::kNameBytesMax) return name;
  return fmt::format("cascade:{:016x}", XXH3_64bits(first_table.data(), first_table.size()));
}

}  // namespace

bool is_captured(std::string_view schema, std::string_view table, const change::TableRules& rules) {
  return !change::has_point(schema) && rules.route(schema, table).captured;
}

bool is_captured(const TableName& table, const change::TableRules& rules) {
  return is_captured(table.schema, table.table, rules);
}

std::vector<Cascade> ties_of(const std::vector<CascadingKey>& keys) {
  std::vector<Cascade> ties;
  std::ranges::transform(keys, std::back_inserter(ties), &CascadingKey::tie);
  return ties;
}

bool is_tie(const Cascade& key, const change::TableRules& rules) {
  return is_captured(key.parent, rules) && is_captured(key.child, rules);
}

bool is_unrepeated(const Cascade& key, const change::TableRules& rules) {
  return !is_captured(key.parent, rules) && is_captured(key.child, rules);
}

std::vector<Cascade> new_ties(const std::vector<Cascade>& keys, const change::TableRules& rules) {
  const auto group_of = [&](const TableName& table) {
    return std::ranges::find_if(rules.cascades(), [&](const change::CascadeGroup& group) {
      return std::ranges::find(group.tables, table) != group.tables.end();
    });
  };
  std::vector<Cascade> ties;
  for (const Cascade& key : keys) {
    const auto parent = group_of(key.parent);
    const bool known = parent != rules.cascades().end() && parent == group_of(key.child);
    if (!known && is_tie(key, rules)) ties.push_back(key);
  }
  return ties;
}

bool logs_cascades(const mysql::ServerInfo& server) {
  return server.kind == ServerKind::kMysql && server.is_at_least(9, 6) &&
         server.variable("innodb_native_foreign_keys") != "ON";
}

namespace {

/// Keys of one child stand together.
void add_once(std::vector<CascadingKey>& keys, CascadingKey key) {
  for (auto it = keys.rbegin(); it != keys.rend() && it->tie.child == key.tie.child; ++it)
    if (*it == key) return;
  keys.push_back(std::move(key));
}

/// The foreign keys of a table, also those that do not cascade, by the answer of SHOW CREATE TABLE. Read by its tokens:
/// a name may have any character, also a line break.
std::vector<CascadingKey> keys_of_definition(std::string_view create_table, std::string_view schema,
                                             std::string_view child) {
  std::vector<CascadingKey> keys;
  for (binlog::Statement::Reference& made : binlog::classify(create_table).references) {
    if (made.table.schema.empty()) made.table.schema = schema;
    add_once(keys, {.tie = {.parent = std::move(made.table), .child = {std::string(schema), std::string(child)}},
                    .name = std::move(made.name),
                    .columns = std::move(made.columns),
                    .parent_columns = std::move(made.parent_columns),
                    .on_delete = made.on_delete,
                    .on_update = made.on_update});
  }
  return keys;
}

std::vector<CascadingKey> cascading(std::vector<CascadingKey> keys) {
  std::erase_if(keys, [](const CascadingKey& key) {
    return key.on_delete == KeyAction::kNone && key.on_update == KeyAction::kNone;
  });
  return keys;
}

std::set<std::string> names_of(const std::vector<CascadingKey>& keys) {
  std::set<std::string> names;
  for (const CascadingKey& key : keys) names.insert(key.name);
  return names;
}

std::expected<mysql::Rows, mysql::SqlError> show_create_table(mysql::Connection& connection, std::string_view schema,
                                                              std::string_view table) {
  return connection.query(
      fmt::format("SHOW CREATE TABLE {}.{}", mysql::quote_identifier(schema), mysql::quote_identifier(table)));
}

/// Child's schema and name, parent's, the constraint's name, and a row for each of its columns. `which`: a condition.
std::expected<mysql::Rows, mysql::SqlError> foreign_keys(mysql::Connection& connection, const std::string& which) {
  return connection.query(
      "SELECT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, "
      "REFERENCED_COLUMN_NAME, ORDINAL_POSITION "
      "FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND " +
      which + " ORDER BY 1, 2, 3, 4, 5, 8");
}
std::expected<mysql::Rows, mysql::SqlError> foreign_keys(mysql::Connection& connection) {
  return foreign_keys(connection, "TABLE_SCHEMA NOT IN " + mysql::list_of_servers_schemas());
}

/// The names of a table's keys, as information_schema lists them.
std::expected<std::set<std::string>, mysql::SqlError> listed_keys(mysql::Connection& connection,
                                                                  std::string_view schema, std::string_view table) {
  const auto rows = foreign_keys(connection, fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                                         mysql::text_literal(schema), mysql::text_literal(table)));
  if (!rows) return std::unexpected(rows.error());
  std::set<std::string> names;
  for (std::size_t i = 0; i < rows->size(); ++i)
    if (rows->text(i, 0) == schema && rows->text(i, 1) == table) names.insert(rows->text(i, 4));
  return names;
}

/// Sentence for people.
std::string not_as_listed(std::string_view schema, std::string_view table, const std::set<std::string>& listed,
                          const std::set<std::string>& read) {
  std::vector<std::string> differ;
  std::ranges::set_symmetric_difference(listed, read, std::back_inserter(differ));
  return fmt::format(
      "of table {}.{} SHOW CREATE TABLE and information_schema.KEY_COLUMN_USAGE do not name the same foreign keys "
      "({} is in one alone), so a cascade could pass unnoticed: give the key a plain name",
      schema, table, differ.front());
}

/// `listed`: the names of the table's keys; nothing: they are asked for.
std::expected<std::optional<std::vector<CascadingKey>>, mysql::SqlError> read_cascades_of(
    mysql::Connection& connection, std::string_view schema, std::string_view table,
    std::optional<std::set<std::string>> listed) {
  constexpr int kTries = 5;  // keys may come and go between the two questions
  mysql::SqlError error;
  for (int i = 0; i < kTries; ++i) {
    const auto rows = show_create_table(connection, schema, table);
    if (!rows && rows.error().kind == mysql::SqlErrorKind::kMissingTable) return std::nullopt;
    if (!rows) return std::unexpected(rows.error());
    std::vector<CascadingKey> keys = keys_of_definition(rows->text(0, 1), schema, table);
    if (!listed) {
      auto asked = listed_keys(connection, schema, table);
      if (!asked) return std::unexpected(asked.error());
      listed = std::move(*asked);
    }
    const std::set<std::string> read = names_of(keys);
    if (read == *listed) return cascading(std::move(keys));
    error.message = not_as_listed(schema, table, *listed, read);
    listed.reset();
  }
  return std::unexpected(std::move(error));
}

}  // namespace

std::vector<CascadingKey> cascades_of_definition(std::string_view create_table, std::string_view schema,
                                                 std::string_view child) {
  return cascading(keys_of_definition(create_table, schema, child));
}

std::expected<std::optional<std::vector<CascadingKey>>, mysql::SqlError> read_cascades_of(mysql::Connection& connection,
                                                                                          std::string_view schema,
                                                                                          std::string_view table) {
  return read_cascades_of(connection, schema, table, std::nullopt);
}

std::expected<KeysAnswer, mysql::SqlError> read_keys_answer(mysql::Connection& connection, ServerKind kind,
                                                            std::string_view schema, std::string_view table) {
  auto keys = read_cascades_of(connection, schema, table);
  if (!keys) return std::unexpected(keys.error());
  const auto text = mysql::read_executed_position(connection, kind);
  if (!text) return std::unexpected(text.error());
  auto executed = OriginPosition::parse(*text);
  if (executed) return KeysAnswer{.keys = std::move(*keys), .executed = std::move(*executed)};
  mysql::SqlError error;
  error.message = fmt::format("the source's binlog position is not understood: '{}'", *text);
  return std::unexpected(std::move(error));
}

std::expected<std::string, mysql::SqlError> read_key_names(mysql::Connection& connection) {
  const auto keys = foreign_keys(connection);
  if (!keys) return std::unexpected(keys.error());
  std::string names;
  for (std::size_t row = 0; row < keys->size(); ++row)
    for (std::size_t column = 0; column < 7; ++column) names += keys->text(row, column) + '\0';
  return names;
}

std::expected<std::vector<CascadingKey>, mysql::SqlError> read_cascades(mysql::Connection& connection,
                                                                        const std::function<bool()>& keep_going) {
  const auto keys = foreign_keys(connection);
  if (!keys) return std::unexpected(keys.error());
  // The servers may sort names that differ in case alone as equal.
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> rows_of;
  for (std::size_t i = 0; i < keys->size(); ++i) rows_of[{keys->text(i, 0), keys->text(i, 1)}].push_back(i);
  std::vector<CascadingKey> cascades;
  for (const auto& [child, rows] : rows_of) {
    if (!keep_going()) break;
    const auto& [schema, table] = child;
    std::set<std::string> listed;
    for (const std::size_t i : rows) listed.insert(keys->text(i, 4));
    auto known = read_cascades_of(connection, schema, table, std::move(listed));
    if (!known && (mysql::is_transient(known.error().kind) || known.error().is_not_understood()))
      return std::unexpected(known.error());
    if (known && *known) {
      std::ranges::move(**known, std::back_inserter(cascades));
      continue;
    }
    for (const std::size_t i : rows)
      add_once(cascades, {.tie = {.parent = {keys->text(i, 2), keys->text(i, 3)}, .child = {schema, table}},
                          .name = keys->text(i, 4)});  // whatever it does
  }
  return cascades;
}

std::vector<TableName> captured_descendants(std::set<TableName> tables, std::vector<Cascade> ties,
                                            const change::TableRules& rules) {
  for (const change::CascadeGroup& group : rules.cascades())
    std::ranges::transform(group.ties, std::back_inserter(ties), &CascadingKey::tie);
  for (bool grows = true; grows;) {
    grows = false;
    for (const Cascade& tie : ties) grows |= tables.contains(tie.parent) && tables.insert(tie.child).second;
  }
  std::erase_if(tables,
                [&](const TableName& table) { return table != change::all_tables() && !is_captured(table, rules); });
  return {tables.begin(), tables.end()};
}

std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                 const std::vector<Cascade>& cascades) {
  Ties ties;
  for (const change::CascadeGroup& group : known)
    for (const TableName& table : group.tables) ties.tie(group.tables.front(), table);
  for (const Cascade& key : cascades) ties.tie(key.parent, key.child);
  std::vector<change::CascadeGroup> groups;
  for (auto& [first, tables] : ties.groups()) groups.push_back({group_name(first), std::move(tables)});
  return groups;
}

}  // namespace farshore::capture
