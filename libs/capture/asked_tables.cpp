#include "capture/asked_tables.hpp"

namespace farshore::capture {

bool AskedTables::due(const binlog::RowsEvent& rows, Clock::time_point now) {
  const std::pair id(rows.table_id, rows.table->shape_id);
  if (met_.contains(id)) return false;
  const auto asked = asked_.find({rows.table->schema, rows.table->name});
  if (asked != asked_.end() && now - asked->second < kAskedAgain) return false;  // later
  if (met_.size() >= kMetMax) met_.clear();
  met_.insert(id);
  return true;
}

void AskedTables::note_asked(const TableName& table, Clock::time_point now) {
  if (asked_.size() >= kMetMax) asked_.clear();
  asked_.insert_or_assign(table, now);
}

void AskedTables::forget(const binlog::Statement& statement) {
  const bool is_ddl =
      statement.kind == binlog::StatementKind::kTableDdl || statement.kind == binlog::StatementKind::kRowless;
  if (!is_ddl) return;
  met_.clear();
  if (statement.tables.empty()) asked_.clear();
  for (const TableName& table : statement.tables) asked_.erase(table);
}

}  // namespace farshore::capture
