#include "capture/statement_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace farshore::capture {

namespace {

using binlog::StatementKind;

std::string full_name(const binlog::TableName& table) { return table.schema + "." + table.table; }

void fold(std::string& name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

/// The names as row events spell them: with a schema, and in the server's case.
binlog::Statement with_stored_names(binlog::Statement statement, const StatementContext& context) {
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

bool captured(const binlog::TableName& table, const change::TableRules& rules) {
  return rules.route(table.schema, table.table).captured;
}

bool is_tied(const binlog::TableName& table, const change::TableRules& rules) {
  const std::string name = full_name(table);
  return std::ranges::any_of(rules.cascades(), [&](const change::CascadeGroup& group) {
    return std::ranges::find(group.tables, name) != group.tables.end();
  });
}

/// The keys that the statement adds cascade to its first table, under the name that it has, or had.
void take_new_keys(const binlog::Statement& statement, const change::TableRules& rules, Cascades& cascades) {
  if (statement.cascading_parents.empty()) return;
  std::vector<binlog::TableName> children = {statement.tables.front()};
  for (const auto& rename : statement.renames) children.push_back(rename.now);
  for (const binlog::TableName& child : children)
    for (const binlog::TableName& parent : statement.cascading_parents) cascades.add(rules, parent, child);
}

/// A table that is renamed keeps its ties under the new name, whatever it was called in between.
void take_renames(const binlog::Statement& statement, std::span<const Cascade> outside, const change::TableRules& rules,
                  Cascades& cascades) {
  std::vector<binlog::Statement::Rename> done;
  for (const auto& [before, now] : statement.renames) {
    const auto earlier = std::ranges::find(done, before, &binlog::Statement::Rename::now);
    const binlog::TableName first = earlier == done.end() ? before : earlier->before;
    if (earlier != done.end()) done.erase(earlier);
    done.push_back({first, now});
    if (is_tied(first, rules) && captured(now, rules))
      cascades.tied.push_back({.parent = full_name(now), .child = full_name(first)});
    for (const Cascade& key : outside)
      if (key.child == full_name(first))
        (captured(now, rules) ? cascades.tied : cascades.outside)
            .push_back({.parent = key.parent, .child = full_name(now)});
  }
}

Cascades cascades_in(const binlog::Statement& statement, std::span<const Cascade> outside,
                     const change::TableRules& rules) {
  Cascades cascades;
  take_new_keys(statement, rules, cascades);
  take_renames(statement, outside, rules, cascades);
  return cascades;
}

/// A statement that changes rows without row events: fatal unless it is plain that no captured table is meant.
StatementVerdict stop_if_captured(const binlog::Statement& statement, const change::TableRules& rules,
                                  std::string_view what, std::string_view mend) {
  if (statement.tables.empty())
    return {.stop = fmt::format("{} (of a table that is not plain to see): {}", what, mend), .cascades = {}};
  const auto found = std::ranges::find_if(statement.tables, [&](const auto& table) { return captured(table, rules); });
  if (found == statement.tables.end()) return {};
  return {.stop = fmt::format("{} of captured table {}: {}", what, full_name(*found), mend), .cascades = {}};
}

constexpr std::string_view kRowless =
    "it changes rows without row events, and cannot be carried yet; do the same at the other regions by hand, then "
    "begin this origin anew";
constexpr std::string_view kStatementFormat =
    "a session at the source wrote in statement format, so its rows are not in the binlog; set binlog_format to ROW "
    "there, and begin this origin anew with a copy of the table";

}  // namespace

StatementVerdict check_statement(std::string_view sql, const StatementContext& context,
                                 const change::TableRules& rules) {
  const binlog::Statement statement = with_stored_names(binlog::classify(sql), context);
  switch (statement.kind) {
    case StatementKind::kOtherDdl: return {};
    case StatementKind::kTableDdl: return {.stop = {}, .cascades = cascades_in(statement, context.outside, rules)};
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
  return {.stop = "a statement that is not understood, and may have changed rows without row events", .cascades = {}};
}

}  // namespace farshore::capture
