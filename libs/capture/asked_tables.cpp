#include "capture/asked_tables.hpp"

#include "base/full_name.hpp"

namespace farshore::capture {

bool AskedTables::due(const binlog::RowsEvent& rows, Clock::time_point now) {
  const std::pair id(rows.table_id, rows.table->shape_id);
  if (met_.contains(id)) return false;
  const auto asked = asked_.find(full_name(rows.table->schema, rows.table->name));
  if (asked != asked_.end() && now - asked->second < kAskedAgain) return false;  // later
  if (met_.size() >= kMetMax) met_.clear();
  met_.insert(id);
  return true;
}

void AskedTables::note_asked(std::string_view schema, std::string_view table, Clock::time_point now) {
  if (asked_.size() >= kMetMax) asked_.clear();
  asked_.insert_or_assign(full_name(schema, table), now);
}

void AskedTables::forget(const binlog::Statement& statement) {
  const bool is_ddl =
      statement.kind == binlog::StatementKind::kTableDdl || statement.kind == binlog::StatementKind::kRowless;
  if (!is_ddl) return;
  met_.clear();
  if (statement.tables.empty()) asked_.clear();
  for (const binlog::TableName& table : statement.tables) asked_.erase(table.full_name());
}

}  // namespace farshore::capture
