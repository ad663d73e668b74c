#include "capture/source/asked_tables.hpp"

#include <string>

namespace farshore::capture {

bool AskedTables::due(std::string_view schema, std::string_view table, Opening opening, Clock::time_point now) {
  if (met_.contains(opening)) return false;
  const auto asked = asked_.find({std::string(schema), std::string(table)});
  if (asked != asked_.end() && now - asked->second < kAskedAgain) return false;  // later
  if (met_.size() >= kMetMax) met_.clear();
  met_.insert(opening);
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
