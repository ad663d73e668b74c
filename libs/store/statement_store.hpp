#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "mysql/connection.hpp"

namespace farshore::store {

/// What an operator said of a statement of the origin that changed rows without row events.
enum class StatementState : std::uint8_t {
  kWaiting,  ///< nothing yet: the origin's partitions stand right before it
  kDone,     ///< the same was done here
  kSkipped,  ///< it is passed over: its tables may differ from now on
};

/// "waiting", "done", "skipped"
[[nodiscard]] std::string_view to_string(StatementState state);

/// A row of farshore.statement.
struct StatementRow {
  std::string origin;
  EpochId epoch;       ///< which begins right behind the statement
  std::string text;    ///< see statement_for_people()
  std::string tables;  ///< "schema.table, schema.table"; empty: any of the origin's
  std::string gtid;
  StatementState state = StatementState::kWaiting;
  std::string decided_by;
  std::string decided_at;  ///< as the server writes it
  std::string first_seen;  ///< as the server writes it
};

/// A statement's text as the table and a sentence take it, from whatever character set: at most `bytes_max` bytes,
/// ASCII without control characters (others become '?').
[[nodiscard]] std::string statement_for_people(std::string text, std::size_t bytes_max);

/// Statements of one region. Borrows the connection; takes part in its open transaction, and neither begins nor commits
/// one.
class StatementStore {
 public:
  StatementStore(mysql::Connection& connection, std::string region);

  /// What was said of the statement before that epoch; nothing: it is not in the table.
  std::expected<std::optional<StatementState>, mysql::SqlError> state_of(std::string_view origin, EpochId epoch);
  /// Whether that statement was decided before another epoch than `told_by`: whoever rebuilds a lost checkpoint tells
  /// of it again.
  std::expected<bool, mysql::SqlError> was_decided(std::string_view origin, std::string_view gtid, EpochId told_by);
  /// Of the origin, by epoch.
  std::expected<std::vector<StatementRow>, mysql::SqlError> list(std::string_view origin);
  /// As waiting; one that is there stays as it is.
  std::expected<void, mysql::SqlError> add(const StatementRow& row);
  /// False: it is not waiting (any more); nothing is changed.
  std::expected<bool, mysql::SqlError> decide(const StatementRow& row, StatementState state, std::string_view who);

 private:
  mysql::Connection& connection_;
  std::string region_;
};

}  // namespace farshore::store
