#include "capture/source/statement_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/own_schemas.hpp"
#include "capture/source/cascade_groups.hpp"

namespace farshore::capture {

namespace {

using binlog::StatementKind;

/// False: it has letters that only the server folds exactly.
bool fold(std::string& name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

using Kind = StatementVerdict::Kind;

std::vector<std::string> captured_tables(const binlog::Statement& statement, const change::TableRules& rules) {
  std::vector<std::string> tables;
  for (const auto& table : statement.tables)
    if (is_captured(table, rules)) tables.push_back(table.to_string());
  // Of another schema nothing is captured.
  if (!statement.schema.empty() && !change::has_point(statement.schema) && rules.may_capture(statement.schema))
    tables.push_back(statement.schema + ".*");
  return tables;
}

/// A statement that concerns captured tables, or may: it passes only where it is plain that none is meant. Of one whose
/// schema has a point in its name no row was ever published.
StatementVerdict if_captured(const binlog::Statement& statement, const change::TableRules& rules, Kind kind,
                             std::string_view what, std::string_view mend) {
  if (statement.tables.empty() && statement.schema.empty())
    return {kind, {}, fmt::format("{} (of a table that is not plain to see): {}", what, mend)};
  StatementVerdict verdict;
  verdict.tables = captured_tables(statement, rules);
  if (verdict.tables.empty()) return verdict;
  verdict.kind = kind;
  verdict.sentence = fmt::format("{} of captured table {}: {}", what, fmt::join(verdict.tables, ", "), mend);
  return verdict;
}

constexpr std::string_view kRowless =
    "it changes rows without row events, so an epoch begins there; run the same at the other regions when they wait "
    "for "
    "it, and say so there (farshorectl ddl)";

/// Of a table that is not known the same has to be done by hand.
StatementVerdict check_added(const binlog::Statement& statement, const change::TableRules& rules) {
  constexpr std::string_view kWhat = "ALTER TABLE ... ADD of a column";
  if (statement.added_columns.empty()) return {};
  if (statement.tables.empty()) return if_captured(statement, rules, Kind::kChangesRows, kWhat, kRowless);
  return if_captured(statement, rules, Kind::kAddsColumns, kWhat,
                     "its rows get a constant, which the other regions compare with theirs, so an epoch begins there");
}

bool writes_marker(const binlog::Statement& statement) {
  return std::ranges::any_of(statement.tables, [](const TableName& table) {
    return table.schema == kOwnSchema && table.table == kMarkerTable;
  });
}

constexpr std::string_view kStatementFormat =
    "a session at the source wrote in statement format, so its rows are not in the binlog; set binlog_format to ROW "
    "there, and begin this origin anew (`farshorectl origin reset`) with a copy of the table";
constexpr std::string_view kMarkerInStatementFormat =
    "a change of farshore.progress logged as a statement: by the rows of that table capture knows what Farshore itself "
    "wrote, so whether the transaction's other rows came from another region cannot be said; set binlog_format to ROW "
    "in that session, let nobody but apply write this table, and begin this origin anew (`farshorectl origin reset`) "
    "with a copy of its tables";

}  // namespace

binlog::Statement read_statement(std::string_view sql, const StatementContext& context) {
  binlog::Statement statement = binlog::classify(sql, context.dialect);
  bool known = true;
  const auto store = [&](std::string& schema, std::string* table, std::string_view beside) {
    const bool typed = !schema.empty();
    if (!typed) schema = beside;
    if (!context.folds_names) return;
    known &= fold(schema) || !typed;
    if (table != nullptr) known &= fold(*table);
  };
  for (auto& table : statement.tables) store(table.schema, &table.table, context.default_schema);
  // Both servers look for a parent without a schema beside its child, whatever the session's schema is.
  for (auto& parent : statement.references)
    if (!statement.tables.empty()) store(parent.table.schema, &parent.table.table, statement.tables.front().schema);
  if (!statement.schema.empty()) store(statement.schema, nullptr, {});
  if (!known) {
    statement.tables.clear();
    statement.references.clear();
    statement.schema.clear();
    statement.dropped_constraints.clear();
    statement.renamed_columns.clear();
  }
  return statement;
}

std::string versioning_sentence(const std::vector<std::string>& tables) {
  std::string patterns;
  for (const std::string& table : tables) patterns += fmt::format("{}\"!{}\"", patterns.empty() ? "" : ", ", table);
  return fmt::format(
      "table {} is system-versioned at the source: its rows are logged with their history, which cannot be applied at "
      "another region, whether or not the versioning is dropped by now; leave the table out ({} in the stream's "
      "tables, "
      "or a table rule with merge: local), and start capture again",
      tables.empty() ? "(not plain to see, of the statement's)" : fmt::format("{}", fmt::join(tables, ", ")),
      patterns.empty() ? "\"!SCHEMA.TABLE\"" : patterns);
}

StatementVerdict check_statement(const binlog::Statement& statement, const change::TableRules& rules) {
  if (statement.begins_versioning) {
    StatementVerdict verdict = if_captured(statement, rules, Kind::kStops, {}, {});
    if (verdict.kind == Kind::kStops) {
      verdict.sentence = versioning_sentence(verdict.tables);
      return verdict;
    }
  }
  switch (statement.kind) {
    case StatementKind::kOtherDdl: return {};
    case StatementKind::kTableDdl: return check_added(statement, rules);
    case StatementKind::kRowless: return if_captured(statement, rules, Kind::kChangesRows, statement.what, kRowless);
    case StatementKind::kDml:
      if (writes_marker(statement)) return {Kind::kStops, {}, std::string(kMarkerInStatementFormat)};
      for (const auto& [schema, table] : statement.tables)
        if (change::has_point(schema) && rules.route(schema, table).captured)
          return {Kind::kStops, {}, change::refuse_pointed(schema, table)};
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
