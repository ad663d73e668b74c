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

using Kind = StatementVerdict::Kind;

/// A statement that concerns captured tables, or may: it passes only where it is plain that none is meant.
StatementVerdict if_captured(const binlog::Statement& statement, const change::TableRules& rules, Kind kind,
                             std::string_view what, std::string_view mend) {
  if (statement.tables.empty())
    return {kind, {}, fmt::format("{} (of a table that is not plain to see): {}", what, mend)};
  StatementVerdict verdict;
  for (const auto& table : statement.tables)
    if (rules.route(table.schema, table.table).captured) verdict.tables.push_back(table.schema + "." + table.table);
  if (verdict.tables.empty()) return verdict;
  verdict.kind = kind;
  verdict.sentence = fmt::format("{} of captured table {}: {}", what, verdict.tables.front(), mend);
  return verdict;
}

constexpr std::string_view kRowless =
    "it changes rows without row events, so an epoch begins there; run the same at the other regions when they wait "
    "for "
    "it, and say so there (farshorectl ddl)";
constexpr std::string_view kStatementFormat =
    "a session at the source wrote in statement format, so its rows are not in the binlog; set binlog_format to ROW "
    "there, and begin this origin anew (`farshorectl origin reset`) with a copy of the table";

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

StatementVerdict check_statement(const binlog::Statement& statement, const change::TableRules& rules) {
  switch (statement.kind) {
    case StatementKind::kOtherDdl:
    case StatementKind::kTableDdl: return {};
    case StatementKind::kTruncate: return if_captured(statement, rules, Kind::kChangesRows, "TRUNCATE", kRowless);
    case StatementKind::kPartitionDataChange:
      return if_captured(statement, rules, Kind::kChangesRows, "partition or tablespace DDL, or ALTER IGNORE,",
                         kRowless);
    case StatementKind::kDml:
      return if_captured(statement, rules, Kind::kStops, "a change logged as a statement", kStatementFormat);
    // The decoder takes these, or refuses them, and gives none of them on.
    case StatementKind::kBegin:
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kSavepoint:
    case StatementKind::kXa:
    case StatementKind::kOther: break;
  }
  return {Kind::kStops, {}, "a statement that is not understood, and may have changed rows without row events"};
}

}  // namespace farshore::capture
