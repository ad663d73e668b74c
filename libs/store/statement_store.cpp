#include "store/statement_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::text_literal;

StatementState state_from(std::string_view word) {
  if (word == to_string(StatementState::kDone)) return StatementState::kDone;
  if (word == to_string(StatementState::kSkipped)) return StatementState::kSkipped;
  return StatementState::kWaiting;
}

}  // namespace

std::string_view to_string(StatementState state) {
  switch (state) {
    case StatementState::kWaiting: return "waiting";
    case StatementState::kDone: return "done";
    case StatementState::kSkipped: return "skipped";
  }
  return "waiting";
}

std::string statement_for_people(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max) text.replace(bytes_max - 3, std::string::npos, "...");
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

StatementStore::StatementStore(mysql::Connection& connection, std::string region)
    : connection_(connection), region_(std::move(region)) {}

std::expected<std::optional<StatementState>, mysql::SqlError> StatementStore::state_of(std::string_view origin,
                                                                                       EpochId epoch) {
  const auto rows = connection_.query(
      fmt::format("SELECT state FROM farshore.statement WHERE region={} AND origin={} AND epoch={} AND incarnation={}",
                  text_literal(region_), text_literal(origin), epoch.epoch.raw(), epoch.incarnation.raw()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<StatementState>();
  return std::optional<StatementState>(state_from(rows->text(0, 0)));
}

std::expected<bool, mysql::SqlError> StatementStore::was_decided(std::string_view origin, std::string_view gtid,
                                                                 EpochId told_by) {
  if (gtid.empty()) return false;  // which one it is, nobody knows
  const auto rows = connection_.query(fmt::format(
      "SELECT 1 FROM farshore.statement WHERE region={} AND origin={} AND gtid={} AND state<>'waiting' AND "
      "NOT (epoch={} AND incarnation={}) LIMIT 1",
      text_literal(region_), text_literal(origin), text_literal(gtid), told_by.epoch.raw(), told_by.incarnation.raw()));
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty();
}

std::expected<std::vector<StatementRow>, mysql::SqlError> StatementStore::list(std::string_view origin) {
  const auto rows = connection_.query(fmt::format(
      "SELECT origin, epoch, incarnation, statement_text, table_names, gtid, state, decided_by, COALESCE(decided_at, "
      "''), first_seen FROM farshore.statement WHERE region={} AND origin={} ORDER BY first_seen, epoch",
      text_literal(region_), text_literal(origin)));
  if (!rows) return std::unexpected(rows.error());
  std::vector<StatementRow> found;
  for (std::size_t at = 0; at < rows->size(); ++at) {
    found.push_back({.origin = rows->text(at, 0),
                     .epoch = {Epoch(static_cast<std::uint32_t>(rows->unsigned_integer(at, 1))),
                               Incarnation(rows->unsigned_integer(at, 2))},
                     .text = rows->text(at, 3),
                     .tables = rows->text(at, 4),
                     .gtid = rows->text(at, 5),
                     .state = state_from(rows->text(at, 6)),
                     .decided_by = rows->text(at, 7),
                     .decided_at = rows->text(at, 8),
                     .first_seen = rows->text(at, 9)});
  }
  return found;
}

std::expected<void, mysql::SqlError> StatementStore::add(const StatementRow& row) {
  const auto added = connection_.execute(fmt::format(
      "INSERT INTO farshore.statement (region, origin, epoch, incarnation, statement_text, table_names, gtid, state) "
      "VALUES ({},{},{},{},{},{},{},'waiting') ON DUPLICATE KEY UPDATE gtid=gtid",
      text_literal(region_), text_literal(row.origin), row.epoch.epoch.raw(), row.epoch.incarnation.raw(),
      text_literal(row.text), text_literal(row.tables), text_literal(row.gtid)));
  if (!added) return std::unexpected(added.error());
  return {};
}

std::expected<bool, mysql::SqlError> StatementStore::decide(const StatementRow& row, StatementState state,
                                                            std::string_view who) {
  const auto changed = connection_.execute(fmt::format(
      "UPDATE farshore.statement SET state='{}', decided_by={}, decided_at=NOW(6) WHERE region={} AND origin={} AND "
      "epoch={} AND incarnation={} AND state='waiting'",
      to_string(state), text_literal(who), text_literal(region_), text_literal(row.origin), row.epoch.epoch.raw(),
      row.epoch.incarnation.raw()));
  if (!changed) return std::unexpected(changed.error());
  return *changed == 1;
}

}  // namespace farshore::store
