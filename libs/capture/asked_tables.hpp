#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "base/table_name.hpp"
#include "binlog/decoder.hpp"
#include "binlog/statement.hpp"

namespace farshore::capture {

/// Which tables' foreign keys the live source was asked for while its binlog is read. A question is due
/// - for a table that a statement made or altered, at the statement;
/// - for a table that is met: its first rows in this session. It may have been made without the binlog.
/// - for a table that is met with another id: the server opened it anew, as it does when anything about it changed, or
///   when it has more tables than it holds open. Asked once in kAskedAgain at most, as the second is nothing new.
/// Not thread safe.
class AskedTables {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAskedAgain{60};

  /// Whether a question is due before these rows are numbered. Costs a look into a set for rows of a table that was
  /// met.
  [[nodiscard]] bool due(const binlog::RowsEvent& rows, Clock::time_point now);
  void note_asked(const TableName& table, Clock::time_point now);
  /// A statement went by that may have changed keys: of the tables that it names, or of any.
  void forget(const binlog::Statement& statement);

 private:
  static constexpr std::size_t kMetMax = 100'000;

  /// By the table's id and the shape's: a server that was restarted gives ids again.
  std::set<std::pair<std::uint64_t, std::uint64_t>> met_;
  std::map<TableName, Clock::time_point> asked_;
};

}  // namespace farshore::capture
