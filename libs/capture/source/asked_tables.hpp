#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include "base/table_name.hpp"
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

  /// How the server had a table open when it logged rows of it. By both: a server that was restarted gives ids again.
  struct Opening {
    std::uint64_t table_id = 0;
    std::uint64_t shape_id = 0;
    friend auto operator<=>(const Opening&, const Opening&) = default;
  };

  /// Whether a question is due before rows of the table are numbered. Costs a look into a set for a table that was met.
  [[nodiscard]] bool due(std::string_view schema, std::string_view table, Opening opening, Clock::time_point now);
  void note_asked(const TableName& table, Clock::time_point now);
  /// A statement went by that may have changed keys: of the tables that it names, or of any.
  void forget(const binlog::Statement& statement);

 private:
  static constexpr std::size_t kMetMax = 100'000;

  std::set<Opening> met_;
  std::map<TableName, Clock::time_point> asked_;
};

}  // namespace farshore::capture
