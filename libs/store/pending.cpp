#include "store/pending.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

// What comes after the columns that all have.
std::string_view rest_of(PendingKind kind) {
  switch (kind) {
    case PendingKind::kParked:
      return "COALESCE(t.reason, p.reason), first_at, '', COALESCE(t.attempts, 0), COALESCE(t.last_at, '') FROM "
             "farshore.parked AS p LEFT JOIN farshore.parked_try AS t USING (region, origin, stream, part, "
             "schema_name, table_name, key_hash)";
    case PendingKind::kConflict: return "reason, found_at, COALESCE(target_image, ''), 0, '' FROM farshore.conflict";
    case PendingKind::kMismatch:
      return "kind, found_at, COALESCE(target_image, ''), 0, '' FROM farshore.mismatch_example";
  }
  return "";
}

}  // namespace

std::string condition_of(std::string_view region, const PendingFilter& filter) {
  std::string where = " WHERE region=" + text_literal(region);
  if (!filter.origin.empty()) where += " AND origin=" + text_literal(filter.origin);
  if (!filter.table.empty()) where += " AND CONCAT(schema_name, '.', table_name)=" + text_literal(filter.table);
  if (!filter.key.empty()) where += " AND key_text=" + text_literal(filter.key);
  return where;
}

std::expected<std::vector<PendingRow>, SqlError> read_pending(mysql::Connection& connection, std::string_view region,
                                                              PendingKind kind, const PendingFilter& filter) {
  constexpr std::string_view kShared =
      "SELECT origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, incarnation, seq, gtid, "
      "change_bytes";
  const auto found =
      connection.query(fmt::format("{}, {}{} ORDER BY origin, schema_name, table_name, key_text LIMIT {}", kShared,
                                   rest_of(kind), condition_of(region, filter), filter.limit));
  if (!found) return std::unexpected(found.error());
  std::vector<PendingRow> rows;
  for (std::size_t at = 0; at < found->size(); ++at) {
    PendingRow& row = rows.emplace_back();
    row.change.partition = {.origin = found->text(at, 0),
                            .stream = found->text(at, 1),
                            .partition = PartitionId(static_cast<std::int32_t>(found->integer(at, 2)))};
    row.change.key = parked_key(found->text(at, 3), found->text(at, 4), found->text(at, 5));
    row.key_text = found->text(at, 6);
    row.change.epoch = {Epoch(static_cast<std::uint32_t>(found->unsigned_integer(at, 7))),
                        Incarnation(found->unsigned_integer(at, 8))};
    row.change.seq = Seq(found->unsigned_integer(at, 9));
    row.change.gtid = found->text(at, 10);
    row.change.bytes = found->text(at, 11);
    row.change.reason = found->text(at, 12);
    row.since = found->text(at, 13);
    row.target_image = found->text(at, 14);
    row.tries = found->unsigned_integer(at, 15);
    row.tried_at = found->text(at, 16);
  }
  return rows;
}

std::expected<std::vector<PendingCount>, SqlError> count_pending(mysql::Connection& connection,
                                                                 std::string_view region) {
  const std::string where = " WHERE region=" + text_literal(region) + " GROUP BY origin, stream";
  const auto rows = connection.query(
      fmt::format("SELECT origin, stream, SUM(parked), SUM(conflicts) FROM ("
                  "SELECT origin, stream, COUNT(*) AS parked, 0 AS conflicts FROM farshore.parked{0} UNION ALL "
                  "SELECT origin, stream, 0, COUNT(*) FROM farshore.conflict{0}) AS pending GROUP BY origin, stream",
                  where));
  if (!rows) return std::unexpected(rows.error());
  std::vector<PendingCount> counts;
  for (std::size_t at = 0; at < rows->size(); ++at) {
    counts.push_back(
        {rows->text(at, 0), rows->text(at, 1), rows->unsigned_integer(at, 2), rows->unsigned_integer(at, 3)});
  }
  return counts;
}

}  // namespace farshore::store
