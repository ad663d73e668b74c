#include "capture/statement_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace farshore::capture {

namespace {

using binlog::StatementKind;

void fold(std::string& name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

/// A statement that changes rows without row events: fatal unless it is plain that no captured table is meant.
std::string stop_if_captured(const binlog::Statement& statement, const change::TableRules& rules, std::string_view what,
                             std::string_view mend) {
  if (statement.tables.empty()) return fmt::format("{} (of a table that is not plain to see): {}", what, mend);
  const auto found = std::ranges::find_if(
      statement.tables, [&](const auto& table) { return rules.route(table.schema, table.table).captured; });
  if (found == statement.tables.end()) return {};
  return fmt::format("{} of captured table {}.{}: {}", what, found->schema, found->table, mend);
}

constexpr std::string_view kRowless =
    "it changes rows without row events, and cannot be carried yet; do the same at the other regions by hand, then "
    "begin this origin anew";
constexpr std::string_view kStatementFormat =
    "a session at the source wrote in statement format, so its rows are not in the binlog; set binlog_format to ROW "
    "there, and begin this origin anew with a copy of the table";

}  // namespace

binlog::Statement read_statement(std::string_view sql, const StatementContext& context) {
  binlog::Statement statement = binlog::classify(sql);
  const auto store = [&](binlog::TableName& name) {
    if (name.schema.empty()) name.schema = context.default_schema;
    if (!context.folds_names) return;
    fold(name.schema);
    fold(name.table);
  };
  for (auto& rename : statement.renames) {
    store(rename.before);
    store(rename.now);
  }
  if (!statement.tables.empty()) store(statement.tables.front());
  // Both servers look for a parent without a schema beside its child, whatever the session's schema is.
  for (binlog::TableName& parent : statement.cascading_parents) {
    if (parent.schema.empty() && !statement.tables.empty()) parent.schema = statement.tables.front().schema;
    store(parent);
  }
  std::ranges::for_each(statement.tables, store);
  return statement;
}

std::string check_statement(const binlog::Statement& statement, const change::TableRules& rules) {
  switch (statement.kind) {
    case StatementKind::kOtherDdl:
    case StatementKind::kTableDdl: return {};
    case StatementKind::kTruncate: return stop_if_captured(statement, rules, "TRUNCATE", kRowless);
    case StatementKind::kPartitionDataChange:
      return stop_if_captured(statement, rules, "partition or tablespace DDL, or ALTER IGNORE,", kRowless);
    case StatementKind::kDml:
      return stop_if_captured(statement, rules, "a change logged as a statement", kStatementFormat);
    // The decoder takes these, or refuses them, and gives none of them on.
    case StatementKind::kBegin:
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kSavepoint:
    case StatementKind::kXa:
    case StatementKind::kOther: break;
  }
  return "a statement that is not understood, and may have changed rows without row events";
}

}  // namespace farshore::capture
