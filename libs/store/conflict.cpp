#include "store/conflict.hpp"

#include <fmt/format.h>

#include <string>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::string_view kConflictColumns =
    "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, key_text, gtid, "
    "change_bytes, target_image, reason";

}  // namespace

std::expected<std::vector<ParkedKey>, SqlError> read_conflict_keys(mysql::Connection& connection,
                                                                   std::string_view region, std::string_view origin,
                                                                   std::size_t limit) {
  const auto rows = connection.query(
      fmt::format("SELECT DISTINCT schema_name, table_name, key_hash FROM farshore.conflict WHERE region={} AND "
                  "origin={} LIMIT {}",
                  text_literal(region), text_literal(origin), limit));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ParkedKey> keys;
  keys.reserve(rows->size());
  for (std::size_t row = 0; row < rows->size(); ++row)
    keys.push_back(parked_key(rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)));
  return keys;
}

std::expected<bool, SqlError> has_conflict(mysql::Connection& connection, std::string_view region,
                                           std::string_view origin, const ParkedKey& key) {
  const auto rows = connection.query(
      fmt::format("SELECT 1 FROM farshore.conflict WHERE {} LIMIT 1", key_condition(region, origin, key)));
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty();
}

std::expected<void, SqlError> add_conflict(mysql::Connection& connection, std::string_view region,
                                           const ChangeToKeep& change, std::optional<std::string_view> target_image,
                                           std::string_view reason) {
  const PartitionKey& partition = *change.partition;
  const ParkedKey& key = *change.key;
  // The same change can come here twice only after a rollback; then nothing of it is left.
  const auto written = connection.execute(fmt::format(
      "INSERT INTO farshore.conflict ({}) VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{})", kConflictColumns,
      text_literal(region), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      change.epoch.epoch.raw(), change.epoch.incarnation.raw(), change.seq.raw(), text_literal(key.schema),
      text_literal(key.table), hash_literal(key), text_literal(change.key_text), text_literal(change.gtid),
      binary_literal(change.bytes), target_image ? text_literal(*target_image) : "NULL", text_literal(reason)));
  if (!written) return std::unexpected(written.error());
  return {};
}

std::expected<void, SqlError> end_conflicts(mysql::Connection& connection, std::string_view region,
                                            std::string_view origin, const ParkedKey& key, std::string_view how) {
  const std::string where = " FROM farshore.conflict WHERE " + key_condition(region, origin, key);
  const std::string old = fmt::format(
      "DELETE FROM farshore.conflict_history WHERE region={} AND ended_at < NOW(6) - INTERVAL 30 DAY LIMIT 10",
      text_literal(region));
  const std::string keep = fmt::format("INSERT INTO farshore.conflict_history ({0}, how) SELECT {0}, {1}{2}",
                                       kConflictColumns, text_literal(how), where);
  for (const std::string& sql : {keep, "DELETE" + where, old}) {
    if (const auto done = connection.execute(sql); !done) return std::unexpected(done.error());
  }
  return {};
}

std::expected<std::optional<KeptChange>, SqlError> lock_conflict(mysql::Connection& connection, std::string_view region,
                                                                 const PartitionKey& partition, const ParkedKey& key,
                                                                 Epoch epoch, Seq seq) {
  const auto rows = connection.query(fmt::format(
      "SELECT {} FROM farshore.conflict WHERE region={} AND origin={} AND stream={} AND part={} AND epoch={} AND "
      "seq={} AND {} FOR UPDATE",
      kKeptChangeColumns, text_literal(region), text_literal(partition.origin), text_literal(partition.stream),
      partition.partition.raw(), epoch.raw(), seq.raw(), key_condition(key)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<KeptChange>();
  return std::optional<KeptChange>(kept_change(*rows, 0));
}

}  // namespace farshore::store
