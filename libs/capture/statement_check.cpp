#include "capture/statement_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace farshore::capture {

namespace {

using binlog::StatementKind;

std::string full_name(const binlog::TableName& table, std::string_view default_schema) {
  return (table.schema.empty() ? std::string(default_schema) : table.schema) + "." + table.table;
}

bool captured(const binlog::TableName& table, std::string_view default_schema, const change::TableRules& rules) {
  return rules.route(table.schema.empty() ? default_schema : std::string_view(table.schema), table.table).captured;
}

/// The first captured table among those that the statement names.
std::optional<std::string> captured_table(const binlog::Statement& statement, std::string_view default_schema,
                                          const change::TableRules& rules) {
  for (const binlog::TableName& table : statement.tables)
    if (captured(table, default_schema, rules)) return full_name(table, default_schema);
  return std::nullopt;
}

/// Whether the text names an action that changes child rows. Wrongly yes (in a comment, say) costs only an order group.
bool names_cascade(std::string_view sql) {
  std::string text;
  for (const unsigned char c : sql) {
    if (std::isspace(c) == 0)
      text += static_cast<char>(std::toupper(c));
    else if (!text.ends_with(' '))
      text += ' ';
  }
  return text.find("CASCADE") != std::string::npos || text.find("SET NULL") != std::string::npos ||
         text.find("SET DEFAULT") != std::string::npos;
}

bool is_tied(const std::string& table, const change::TableRules& rules) {
  return std::ranges::any_of(rules.cascades(), [&](const change::CascadeGroup& group) {
    return std::ranges::find(group.tables, table) != group.tables.end();
  });
}

std::vector<Cascade> cascades_in(const binlog::Statement& statement, std::string_view sql,
                                 std::string_view default_schema, const change::TableRules& rules) {
  std::vector<Cascade> cascades;
  const bool may_add = statement.touches_foreign_keys && names_cascade(sql);
  if (!may_add && !statement.renames) return cascades;
  std::vector<std::string> names;
  for (const binlog::TableName& table : statement.tables)
    if (captured(table, default_schema, rules)) names.push_back(full_name(table, default_schema));
  // A table that is renamed keeps its ties under the new name.
  const bool may_keep =
      statement.renames && std::ranges::any_of(names, [&](const std::string& name) { return is_tied(name, rules); });
  if (!may_add && !may_keep) return cascades;
  for (std::size_t i = 1; i < names.size(); ++i) cascades.push_back({.parent = names[i], .child = names[0]});
  return cascades;
}

/// A statement that changes rows without row events: fatal unless it is plain that no captured table is meant.
std::string stop_if_captured(const binlog::Statement& statement, std::string_view default_schema,
                             const change::TableRules& rules, std::string_view what, std::string_view mend) {
  if (statement.tables.empty()) return fmt::format("{} (of a table that is not plain to see): {}", what, mend);
  const auto table = captured_table(statement, default_schema, rules);
  return table ? fmt::format("{} of captured table {}: {}", what, *table, mend) : std::string();
}

constexpr std::string_view kRowless =
    "it changes rows without row events, and cannot be carried yet; do the same at the other regions by hand, then "
    "begin this origin anew";
constexpr std::string_view kStatementFormat =
    "a session at the source wrote in statement format, so its rows are not in the binlog; set binlog_format to ROW "
    "there, and begin this origin anew with a copy of the table";

}  // namespace

StatementVerdict check_statement(std::string_view sql, std::string_view default_schema,
                                 const change::TableRules& rules) {
  const binlog::Statement statement = binlog::classify(sql);
  switch (statement.kind) {
    case StatementKind::kBegin:
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kSavepoint:
    case StatementKind::kOtherDdl: return {};
    case StatementKind::kTableDdl: return {.stop = {}, .cascades = cascades_in(statement, sql, default_schema, rules)};
    case StatementKind::kTruncate:
      return {.stop = stop_if_captured(statement, default_schema, rules, "TRUNCATE", kRowless), .cascades = {}};
    case StatementKind::kPartitionDataChange:
      return {.stop = stop_if_captured(statement, default_schema, rules,
                                       "partition or tablespace DDL, or ALTER IGNORE,", kRowless),
              .cascades = {}};
    case StatementKind::kDml:
      return {.stop = stop_if_captured(statement, default_schema, rules, "a change logged as a statement",
                                       kStatementFormat),
              .cascades = {}};
    case StatementKind::kXa:
      return {.stop = "an XA statement: XA transactions cannot be captured yet; commit without XA at the source",
              .cascades = {}};
    case StatementKind::kOther:
      return {.stop = "a statement that is not understood, and may have changed rows without row events",
              .cascades = {}};
  }
  return {};
}

}  // namespace farshore::capture
