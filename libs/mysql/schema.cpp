#include "mysql/schema.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "mysql/literal.hpp"
#include "mysql/schema_lists.hpp"

namespace farshore::mysql {
namespace {

std::uint32_t small(std::uint64_t number) { return static_cast<std::uint32_t>(number); }

ColumnSchema column_of(const Rows& rows, std::size_t row) {
  ColumnSchema column;
  column.name = rows.text(row, 0);
  column.data_type = lower_case(rows.text(row, 1));
  column.column_type = rows.text(row, 2);
  column.charset = rows.text(row, 3);
  column.collation = rows.text(row, 4);
  column.nullable = rows.text(row, 5) == "YES";
  column.is_unsigned = column.column_type.contains("unsigned");
  column.auto_increment = rows.text(row, 6).contains("auto_increment");
  column.updates_itself = lower_case(rows.text(row, 6)).contains("on update");
  column.expression = rows.text(row, 8);
  column.generated = !column.expression.empty();
  column.default_text = rows.rows[row][7];
  column.default_is_expression = rows.text(row, 6).contains("DEFAULT_GENERATED");
  column.has_default = column.default_text || column.nullable || column.auto_increment;
  column.length_bytes = rows.unsigned_integer(row, 9);
  column.length_characters = rows.unsigned_integer(row, 13);
  column.rounds = (column.data_type == "float" || column.data_type == "double") && rows.rows[row][11].has_value();
  column.precision = small(rows.unsigned_integer(row, 10));
  column.scale =
      rows.rows[row][12].has_value() ? small(rows.unsigned_integer(row, 12)) : small(rows.unsigned_integer(row, 11));
  return column;
}

void add_key_part(TableSchema& table, const Rows& rows, std::size_t row) {
  const std::string& key = rows.text(row, 0);
  const std::string& column = rows.text(row, 1);
  const bool is_prefix = rows.rows[row][2].has_value();
  if (key == "PRIMARY") {
    table.primary_key.push_back(column);
    table.primary_key_has_prefix |= is_prefix;
    return;
  }
  if (table.unique_keys.empty() || table.unique_keys.back().name != key) table.unique_keys.push_back({key, {}, false});
  table.unique_keys.back().columns.push_back(column);
  table.unique_keys.back().has_prefix |= is_prefix;
}

// Each answer ends with the table's schema and name.
constexpr std::string_view kTables =
    "SELECT ENGINE, TABLE_TYPE, TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE {} AND TABLE_TYPE IN "
    "('BASE TABLE', 'SYSTEM VERSIONED')";

TableSchema table_of(const Rows& rows, std::size_t row) {
  TableSchema table;
  table.engine = rows.text(row, 0);
  table.versioned = rows.text(row, 1) == "SYSTEM VERSIONED";
  return table;
}

std::string trigger_where(std::string_view schema, std::string_view name) {
  return fmt::format("EVENT_OBJECT_SCHEMA={} AND EVENT_OBJECT_TABLE={}", text_literal(schema), text_literal(name));
}

/// Columns, unique keys and triggers of the tables that `find` gives for a row whose column `names_at` is the schema
/// and the next one the name; null: of no interest.
template <typename Find>
std::expected<void, SqlError> read_parts(Connection& connection, const std::string& where,
                                         const std::string& triggers_where, const Find& find) {
  const auto columns = connection.query(
      fmt::format("SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, EXTRA, "
                  "COLUMN_DEFAULT, GENERATION_EXPRESSION, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
                  "DATETIME_PRECISION, CHARACTER_MAXIMUM_LENGTH, TABLE_SCHEMA, TABLE_NAME FROM "
                  "information_schema.COLUMNS WHERE {} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                  where));
  if (!columns) return std::unexpected(columns.error());
  for (std::size_t row = 0; row < columns->size(); ++row)
    if (TableSchema* const table = find(*columns, row, 14)) table->columns.push_back(column_of(*columns, row));

  const auto keys = connection.query(
      fmt::format("SELECT INDEX_NAME, COLUMN_NAME, SUB_PART, TABLE_SCHEMA, TABLE_NAME FROM "
                  "information_schema.STATISTICS WHERE {} AND NON_UNIQUE=0 ORDER BY TABLE_SCHEMA, TABLE_NAME, "
                  "INDEX_NAME, SEQ_IN_INDEX",
                  where));
  if (!keys) return std::unexpected(keys.error());
  for (std::size_t row = 0; row < keys->size(); ++row)
    if (TableSchema* const table = find(*keys, row, 3)) add_key_part(*table, *keys, row);

  const auto triggers = connection.query(
      fmt::format("SELECT TRIGGER_NAME, ACTION_STATEMENT, EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM "
                  "information_schema.TRIGGERS WHERE {} ORDER BY TRIGGER_NAME",
                  triggers_where));
  if (!triggers) return std::unexpected(triggers.error());
  for (std::size_t row = 0; row < triggers->size(); ++row)
    if (TableSchema* const table = find(*triggers, row, 2))
      table->triggers.push_back({.name = triggers->text(row, 0), .statement = triggers->text(row, 1)});
  return {};
}

constexpr std::size_t kSchemasAtOnce = 50;
constexpr std::size_t kKeyColumnsMax = 64;  // of InnoDB's, 16 in MySQL

/// Rows of `select`, which ends before a schema's name, for each schema. For that a server looks at the schema's
/// tables; asked without a name, MariaDB opens the tables of all schemas, and the hundred views of sys.
template <typename Take>
std::expected<void, SqlError> query_by_schema(Connection& connection, const std::vector<std::string>& schemas,
                                              std::string_view select, const Take& take) {
  for (std::size_t from = 0; from < schemas.size(); from += kSchemasAtOnce) {
    std::string sql;
    for (std::size_t i = from; i < std::min(schemas.size(), from + kSchemasAtOnce); ++i)
      sql += fmt::format("{}{}{}", sql.empty() ? "" : " UNION ALL ", select, text_literal(schemas[i]));
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t row = 0; row < rows->size(); ++row) take(*rows, row);
  }
  return {};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool ForeignKey::cascades() const {
  const auto acts = [](const std::string& rule) {
    return rule == "CASCADE" || rule == "SET NULL" || rule == "SET DEFAULT";
  };
  return acts(on_update) || acts(on_delete);
}

// enum('a','it''s'): a quote inside is doubled; nothing else is escaped.
std::vector<std::string> ColumnSchema::labels() const {
  std::vector<std::string> labels;
  const std::string_view text = column_type;
  for (std::size_t at = text.find('\''); at != std::string_view::npos; at = text.find('\'', at)) {
    std::string& label = labels.emplace_back();
    for (++at; at < text.size(); ++at) {
      if (text[at] == '\'' && !text.substr(at + 1).starts_with('\'')) break;
      if (text[at] == '\'') ++at;
      label.push_back(text[at]);
    }
    ++at;
    if (at > text.size()) break;
  }
  return labels;
}

const ColumnSchema* TableSchema::find(std::string_view column) const {
  const auto found =
      std::ranges::find_if(columns, [&](const ColumnSchema& candidate) { return same_name(candidate.name, column); });
  return found == columns.end() ? nullptr : &*found;
}

std::expected<std::optional<TableSchema>, SqlError> read_table_schema(Connection& connection, std::string_view schema,
                                                                      std::string_view name) {
  const std::string where = fmt::format("TABLE_SCHEMA={} AND TABLE_NAME={}", text_literal(schema), text_literal(name));
  const auto tables = connection.query(fmt::format(kTables, where));
  if (!tables) return std::unexpected(tables.error());
  if (tables->empty()) return std::optional<TableSchema>();
  TableSchema table = table_of(*tables, 0);
  table.schema = schema;
  table.name = name;
  const auto read = read_parts(connection, where, trigger_where(schema, name),
                               [&](const Rows&, std::size_t, std::size_t) { return &table; });
  if (!read) return std::unexpected(read.error());
  return std::optional<TableSchema>(std::move(table));
}

std::expected<std::vector<TableSchema>, SqlError> read_table_schemas(
    Connection& connection, const std::function<bool(std::string_view schema, std::string_view name)>& wanted) {
  const std::string where = "TABLE_SCHEMA NOT IN " + list_of_system_schemas();
  const auto rows = connection.query(fmt::format(kTables, where));
  if (!rows) return std::unexpected(rows.error());
  std::map<std::pair<std::string, std::string>, TableSchema> tables;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    if (!wanted(rows->text(row, 2), rows->text(row, 3))) continue;
    TableSchema table = table_of(*rows, row);
    table.schema = rows->text(row, 2);
    table.name = rows->text(row, 3);
    tables.emplace(std::pair(table.schema, table.name), std::move(table));
  }
  const auto read = read_parts(connection, where, "1=1", [&](const Rows& part, std::size_t row, std::size_t names_at) {
    const auto found = tables.find({part.text(row, names_at), part.text(row, names_at + 1)});
    return found == tables.end() ? nullptr : &found->second;
  });
  if (!read) return std::unexpected(read.error());
  std::vector<TableSchema> all;
  for (auto& [names, table] : tables) all.push_back(std::move(table));
  return all;
}

std::expected<std::vector<TableName>, SqlError> tables_with_rows(Connection& connection,
                                                                 const std::vector<TableName>& tables) {
  constexpr std::size_t kAtOnce = 50;
  std::vector<TableName> found;
  const auto ask = [&](std::size_t from, std::size_t to) -> std::expected<void, SqlError> {
    std::string query;
    for (std::size_t i = from; i < to; ++i) {
      query += fmt::format("{}(SELECT {} FROM ", i == from ? "" : " UNION ALL ", i);
      append_table_name(tables[i].schema, tables[i].table, query);
      query += " LIMIT 1)";
    }
    const auto rows = connection.query(query);
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t row = 0; row < rows->size(); ++row) found.push_back(tables[rows->unsigned_integer(row, 0)]);
    return {};
  };
  for (std::size_t from = 0; from < tables.size(); from += kAtOnce) {
    const std::size_t to = std::min(from + kAtOnce, tables.size());
    if (const auto all = ask(from, to)) continue;
    // One of them may have gone meanwhile.
    for (std::size_t i = from; i < to; ++i) {
      const auto one = ask(i, i + 1);
      if (!one && one.error().kind != SqlErrorKind::kMissingTable) return std::unexpected(one.error());
    }
  }
  return found;
}

std::expected<std::vector<ForeignKey>, SqlError> read_foreign_keys(Connection& connection) {
  const auto found = connection.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN " +
                                      list_of_system_schemas());
  if (!found) return std::unexpected(found.error());
  std::vector<std::string> schemas;
  for (std::size_t row = 0; row < found->size(); ++row) schemas.push_back(found->text(row, 0));

  std::map<std::tuple<std::string, std::string, std::string>, ForeignKey> keys;  // by schema, table and name
  std::set<std::string> with_keys;
  const auto rules =
      query_by_schema(connection, schemas,
                      "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM "
                      "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA=",
                      [&](const Rows& rows, std::size_t row) {
                        ForeignKey& key = keys[{rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)}];
                        key.schema = rows.text(row, 0);
                        key.table = rows.text(row, 1);
                        key.name = rows.text(row, 2);
                        key.on_update = rows.text(row, 3);
                        key.on_delete = rows.text(row, 4);
                        with_keys.insert(key.schema);
                      });
  if (!rules) return std::unexpected(rules.error());
  const auto columns = query_by_schema(
      connection, {with_keys.begin(), with_keys.end()},
      "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, "
      "REFERENCED_COLUMN_NAME, ORDINAL_POSITION FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME "
      "IS NOT NULL AND TABLE_SCHEMA=",
      [&](const Rows& rows, std::size_t row) {
        const auto key = keys.find({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)});
        if (key == keys.end()) return;  // it was made in between
        key->second.parent_schema = rows.text(row, 4);
        key->second.parent_table = rows.text(row, 5);
        const auto place = static_cast<std::size_t>(rows.unsigned_integer(row, 7));
        if (place == 0 || place > kKeyColumnsMax) return;
        for (auto* const list : {&key->second.columns, &key->second.parent_columns})
          if (list->size() < place) list->resize(place);
        key->second.columns[place - 1] = rows.text(row, 3);
        key->second.parent_columns[place - 1] = rows.text(row, 6);
      });
  if (!columns) return std::unexpected(columns.error());
  std::vector<ForeignKey> all;
  for (auto& [name, key] : keys)
    if (!key.columns.empty()) all.push_back(std::move(key));
  return all;
}

std::expected<bool, SqlError> is_mariadb(Connection& connection) {
  const auto version = connection.query("SELECT VERSION() LIKE '%MariaDB%'");
  if (!version) return std::unexpected(version.error());
  return version->text(0, 0) == "1";
}

}  // namespace farshore::mysql
