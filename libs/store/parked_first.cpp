#include "store/parked_first.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::string_view kFirstColumns =
    "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, gtid, change_bytes, "
    "reason";

}  // namespace

std::expected<void, SqlError> keep_first(mysql::Connection& connection, std::string_view region,
                                         const PartitionKey& partition, const ParkedKey& key) {
  const auto kept = connection.execute(
      fmt::format("REPLACE INTO farshore.parked_first ({0}) SELECT {0} FROM farshore.parked WHERE {1}", kFirstColumns,
                  key_condition(region, partition, key)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<void, SqlError> put_first(mysql::Connection& connection, std::string_view region,
                                        const ChangeToKeep& change) {
  const PartitionKey& partition = *change.partition;
  const ParkedKey& key = *change.key;
  const auto kept = connection.execute(fmt::format(
      "REPLACE INTO farshore.parked_first ({}) VALUES ({},{},{},{},{},{},{},{},{},{},{},{},'')", kFirstColumns,
      text_literal(region), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      change.epoch.epoch.raw(), change.epoch.incarnation.raw(), change.seq.raw(), text_literal(key.schema),
      text_literal(key.table), hash_literal(key), text_literal(change.gtid), binary_literal(change.bytes)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<std::optional<KeptChange>, SqlError> lock_first(mysql::Connection& connection, std::string_view region,
                                                              std::string_view origin, const ParkedKey& key) {
  const auto rows = connection.query(fmt::format("SELECT {} FROM farshore.parked_first WHERE {} FOR UPDATE",
                                                 kKeptChangeColumns, key_condition(region, origin, key)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<KeptChange>();
  return std::optional<KeptChange>(kept_change(*rows, 0));
}

std::expected<void, SqlError> forget_first(mysql::Connection& connection, std::string_view region,
                                           std::string_view origin, const ParkedKey& key) {
  const auto gone =
      connection.execute(fmt::format("DELETE FROM farshore.parked_first WHERE {}", key_condition(region, origin, key)));
  if (!gone) return std::unexpected(gone.error());
  return {};
}

std::expected<void, SqlError> forget_firsts_before(mysql::Connection& connection, std::string_view region,
                                                   std::string_view origin, Epoch epoch,
                                                   std::span<const std::string> tables) {
  std::string sql = fmt::format("DELETE FROM farshore.parked_first WHERE region={} AND origin={} AND epoch<{}",
                                text_literal(region), text_literal(origin), epoch.raw());
  if (!tables.empty()) {
    std::string names;
    for (const std::string& name : tables) names += (names.empty() ? "" : ",") + text_literal(name);
    sql += " AND CONCAT(schema_name,'.',table_name) IN (" + names + ")";
  }
  const auto gone = connection.execute(sql);
  if (!gone) return std::unexpected(gone.error());
  return {};
}

}  // namespace farshore::store
