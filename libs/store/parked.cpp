#include "store/parked.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mysql/literal.hpp"
#include "store/progress_store.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

// Their sizes first: a row may be large, and all that is read is in memory at once.
std::expected<std::vector<KeptChange>, SqlError> read(mysql::Connection& connection, const std::string& condition,
                                                      std::size_t limit, std::size_t bytes_max, std::string_view lock) {
  const auto sizes = connection.query(
      fmt::format("SELECT OCTET_LENGTH(change_bytes) FROM farshore.parked{} LIMIT {}{}", condition, limit, lock));
  if (!sizes) return std::unexpected(sizes.error());
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < sizes->size(); ++count) {
    bytes += sizes->unsigned_integer(count, 0);
    if (count > 0 && bytes > bytes_max) break;
  }
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM farshore.parked{} LIMIT {}{}", kKeptChangeColumns, condition, count, lock));
  if (!rows) return std::unexpected(rows.error());
  std::vector<KeptChange> changes;
  for (std::size_t row = 0; row < rows->size(); ++row) changes.push_back(kept_change(*rows, row));
  return changes;
}

}  // namespace

std::expected<std::vector<ParkedKey>, SqlError> read_parked_keys(mysql::Connection& connection, std::string_view region,
                                                                 const PartitionKey& partition) {
  std::string sql = "SELECT schema_name, table_name, key_hash FROM farshore.parked WHERE ";
  append_partition_condition(region, partition, sql);
  const auto rows = connection.query(sql);
  if (!rows) return std::unexpected(rows.error());
  std::vector<ParkedKey> keys;
  keys.reserve(rows->size());
  for (std::size_t row = 0; row < rows->size(); ++row)
    keys.push_back(parked_key(rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)));
  return keys;
}

std::expected<void, SqlError> park(mysql::Connection& connection, std::string_view region, const ChangeToKeep& change,
                                   const SqlError& error) {
  const PartitionKey& partition = *change.partition;
  const ParkedKey& key = *change.key;
  const auto written = connection.execute(fmt::format(
      "INSERT INTO farshore.parked (region, origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, "
      "incarnation, seq, gtid, change_bytes, error_code, reason, attempts) "
      "VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{},1) ON DUPLICATE KEY UPDATE "
      "key_text=VALUES(key_text), epoch=VALUES(epoch), incarnation=VALUES(incarnation), seq=VALUES(seq), "
      "gtid=VALUES(gtid), change_bytes=VALUES(change_bytes), error_code=VALUES(error_code), reason=VALUES(reason), "
      "attempts=attempts+1, last_at=NOW(6)",
      text_literal(region), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      text_literal(key.schema), text_literal(key.table), hash_literal(key), text_literal(change.key_text),
      change.epoch.epoch.raw(), change.epoch.incarnation.raw(), change.seq.raw(), text_literal(change.gtid),
      binary_literal(change.bytes), error.code, text_literal(error.message)));
  if (!written) return std::unexpected(written.error());
  return {};
}

std::expected<void, SqlError> note_try(mysql::Connection& connection, std::string_view region,
                                       const PartitionKey& partition, const ParkedKey& key, std::uint32_t attempts,
                                       int code, std::string_view reason) {
  const auto noted = connection.execute(fmt::format(
      "INSERT INTO farshore.parked_try (region, origin, stream, part, schema_name, table_name, key_hash, attempts, "
      "error_code, reason) VALUES ({},{},{},{},{},{},{},{},{},{}) ON DUPLICATE KEY UPDATE attempts=VALUES(attempts), "
      "error_code=VALUES(error_code), reason=VALUES(reason), last_at=NOW(6)",
      text_literal(region), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      text_literal(key.schema), text_literal(key.table), hash_literal(key), attempts, code, text_literal(reason)));
  if (!noted) return std::unexpected(noted.error());
  return {};
}

std::expected<void, SqlError> unpark(mysql::Connection& connection, std::string_view region,
                                     const PartitionKey& partition, const ParkedKey& key) {
  for (const std::string_view table : {"farshore.parked", "farshore.parked_try"}) {
    const auto removed =
        connection.execute(fmt::format("DELETE FROM {} WHERE {}", table, key_condition(region, partition, key)));
    if (!removed) return std::unexpected(removed.error());
  }
  return {};
}

std::expected<void, SqlError> keep_discarded(mysql::Connection& connection, std::string_view region,
                                             const PartitionKey& partition, const ParkedKey& key) {
  constexpr std::string_view kColumns =
      "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, key_text, gtid, "
      "change_bytes, reason";
  const auto kept = connection.execute(fmt::format(
      "INSERT INTO farshore.conflict_history ({0}, how) SELECT {0}, 'discard' FROM farshore.parked WHERE {1}", kColumns,
      key_condition(region, partition, key)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<std::vector<KeptChange>, SqlError> read_parked(mysql::Connection& connection, std::string_view region,
                                                             const PartitionKey& partition,
                                                             std::span<const ParkedKey> keys, std::size_t bytes_max) {
  if (keys.empty()) return std::vector<KeptChange>();
  std::string condition;
  for (const ParkedKey& key : keys) condition += (condition.empty() ? "" : " OR ") + ("(" + key_condition(key) + ")");
  std::string of_partition;
  append_partition_condition(region, partition, of_partition);
  return read(connection,
              fmt::format(" WHERE {} AND ({}) ORDER BY schema_name, table_name, key_hash", of_partition, condition),
              keys.size(), bytes_max, "");
}

std::expected<std::vector<KeptChange>, SqlError> lock_parked(mysql::Connection& connection, std::string_view region,
                                                             const TableOfOrigin& table, std::size_t limit,
                                                             std::size_t bytes_max) {
  return read(connection,
              fmt::format(" WHERE region={} AND origin={} AND schema_name={} AND table_name={} ORDER BY stream, part, "
                          "key_hash",
                          text_literal(region), text_literal(table.origin), text_literal(table.schema),
                          text_literal(table.table)),
              limit, bytes_max, " FOR UPDATE");
}

std::expected<std::uint64_t, SqlError> count_refused_otherwise(mysql::Connection& connection, std::string_view region,
                                                               const TableOfOrigin& table, std::span<const int> codes) {
  const auto rows = connection.query(fmt::format(
      "SELECT COUNT(*) FROM farshore.parked AS p LEFT JOIN farshore.parked_try AS t USING (region, origin, stream, "
      "part, schema_name, table_name, key_hash) WHERE region={} AND origin={} AND schema_name={} AND table_name={} AND "
      "COALESCE(t.error_code, p.error_code) NOT IN ({})",
      text_literal(region), text_literal(table.origin), text_literal(table.schema), text_literal(table.table),
      fmt::join(codes, ",")));
  if (!rows) return std::unexpected(rows.error());
  return rows->unsigned_integer(0, 0);
}

std::expected<std::vector<ParkedOfTable>, SqlError> count_parked_before(mysql::Connection& connection,
                                                                        std::string_view region,
                                                                        std::string_view origin, Epoch epoch) {
  const auto rows = connection.query(
      fmt::format("SELECT schema_name, table_name, COUNT(*) FROM farshore.parked WHERE region={} AND origin={} AND "
                  "epoch<{} GROUP BY schema_name, table_name ORDER BY schema_name, table_name",
                  text_literal(region), text_literal(origin), epoch.raw()));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ParkedOfTable> counts;
  for (std::size_t row = 0; row < rows->size(); ++row)
    counts.push_back(
        {.schema = rows->text(row, 0), .table = rows->text(row, 1), .changes = rows->unsigned_integer(row, 2)});
  return counts;
}

}  // namespace farshore::store
