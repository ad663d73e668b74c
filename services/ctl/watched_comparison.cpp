#include "services/ctl/watched_comparison.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "mysql/literal.hpp"

namespace farshore::ctl {
namespace {

/// A table of one of the two databases, from before its rows are read to behind that.
class Watch {
 public:
  Watch(Place place, const mysql::TableSchema& table, mysql::Connection& connection)
      : place_(place), table_(table), connection_(connection) {}

  std::expected<void, ComparisonFailure> begin() {
    // What happens in the second of the last ALTER has the same time: that second is let pass.
    for (int tries = 0; tries < kTriesMax; ++tries) {
      auto made = made_at();
      if (!made) return std::unexpected(made.error());
      made_ = std::move(made->time);
      if (made->is_past) break;
      std::this_thread::sleep_for(kPoll);
    }
    return {};
  }

  std::expected<bool, ComparisonFailure> has_changed() {
    const auto made = made_at();
    if (!made) return std::unexpected(made.error());
    if (made->time != made_) return true;
    const auto now = mysql::read_table_schema(connection_, table_.schema, table_.name);
    if (!now) return std::unexpected(ComparisonFailure{place_, now.error()});
    return !*now || shape_text(**now) != shape_text(table_);
  }

 private:
  static constexpr std::chrono::milliseconds kPoll{200};
  static constexpr int kTriesMax = 10;  // a clock that was set back may take long

  struct Made {
    std::string time;
    bool is_past = true;  ///< of an earlier second than now
  };

  /// Each ALTER, TRUNCATE and RENAME over it gives a table another time (seen with MySQL 9.7 and MariaDB 10.11, instant
  /// ones too): a column that went and came again has the shape of before, and other values.
  std::expected<Made, ComparisonFailure> made_at() {
    const auto rows = connection_.query(fmt::format(
        "SELECT CREATE_TIME, CREATE_TIME<NOW() FROM information_schema.TABLES WHERE TABLE_SCHEMA={} AND TABLE_NAME={}",
        mysql::text_literal(table_.schema), mysql::text_literal(table_.name)));
    if (!rows) return std::unexpected(ComparisonFailure{place_, rows.error()});
    if (rows->empty()) return Made{.time = "none"};
    return Made{.time = rows->text(0, 0), .is_past = rows->text(0, 1) != "0"};
  }

  const Place place_;
  const mysql::TableSchema& table_;
  mysql::Connection& connection_;
  std::string made_;
};

std::string changed(Place place) {
  return fmt::format("it was altered, truncated or dropped {} while it was compared: compare again", at(place));
}

/// Why a query for its rows failed that did not fail before, as far as that lies in the table: for people.
std::optional<std::string> why_of(const ComparisonFailure& failure) {
  constexpr int kLockWaitTimeout = 1205;  // a read takes no row's lock
  constexpr int kDefinitionChanged = 1412;
  const mysql::SqlError& error = failure.error;
  if (error.code == kDefinitionChanged || error.kind == mysql::SqlErrorKind::kMissingTable ||
      error.kind == mysql::SqlErrorKind::kMissingColumn)
    return changed(failure.place);
  if (error.code != kLockWaitTimeout) return std::nullopt;
  return fmt::format(
      "a statement held it {} for more than {} s (ALTER TABLE, LOCK TABLES, or one that waits for a long "
      "transaction): compare again when that is through",
      at(failure.place), kTableWait.count());
}

std::expected<WatchedComparison, ComparisonFailure> not_compared(const ComparisonFailure& failure) {
  auto why = why_of(failure);
  if (!why) return std::unexpected(failure);
  return WatchedComparison{.rows = {}, .not_compared = std::move(*why)};
}

}  // namespace

std::string shape_text(const mysql::TableSchema& table) {
  std::string out;
  const auto add = [&](std::string_view part) { out += fmt::format("{}:{},", part.size(), part); };
  for (const mysql::ColumnSchema& column : table.columns) {
    for (const std::string& part :
         {column.name, column.column_type, column.charset, column.collation, column.expression})
      add(part);
  }
  out += table.primary_key_has_prefix ? "prefix," : "key,";
  for (const std::string& name : table.primary_key) add(name);
  return out;
}

std::expected<void, mysql::SqlError> prepare_session(mysql::Connection& connection) {
  // Keys that are alike in their first max_sort_length bytes would come in any order, were they sorted: rows that one
  // chunk leaves to the next would be in none. Keys of InnoDB have at most 3,072 bytes.
  const auto set =
      connection.execute(fmt::format("SET SESSION lock_wait_timeout={}, max_sort_length=65536", kTableWait.count()));
  if (!set) return std::unexpected(set.error());
  return {};
}

std::expected<WatchedComparison, ComparisonFailure> compare_watched(
    const ComparedTable& table, const mysql::TableSchema& here, const mysql::TableSchema& peer,
    mysql::Connection& here_connection, mysql::Connection& peer_connection, const ComparisonCalls& calls) {
  Watch watch_here(Place::kHere, here, here_connection);
  Watch watch_peer(Place::kPeer, peer, peer_connection);
  for (Watch* const watch : {&watch_here, &watch_peer})
    if (const auto begun = watch->begin(); !begun) return not_compared(begun.error());
  auto rows = compare_rows(table, here_connection, peer_connection, calls);
  if (!rows) return not_compared(rows.error());
  for (const auto& [watch, place] : {std::pair(&watch_here, Place::kHere), std::pair(&watch_peer, Place::kPeer)}) {
    const auto has_changed = watch->has_changed();
    if (!has_changed) return not_compared(has_changed.error());
    if (*has_changed) return WatchedComparison{.rows = {}, .not_compared = changed(place)};
  }
  return WatchedComparison{.rows = std::move(*rows), .not_compared = {}};
}

}  // namespace farshore::ctl
