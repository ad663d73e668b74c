#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"

/// The tables farshore.parked, with changes that cannot be applied yet, and farshore.parked_try, with how trying them
/// again went. All of it takes part in the open transaction.
namespace farshore::store {

[[nodiscard]] std::expected<std::vector<ParkedKey>, mysql::SqlError> read_parked_keys(mysql::Connection& connection,
                                                                                      std::string_view region,
                                                                                      const PartitionKey& partition);
/// In place of what is parked under the key in the partition.
[[nodiscard]] std::expected<void, mysql::SqlError> park(mysql::Connection& connection, std::string_view region,
                                                        const ChangeToKeep& change, const mysql::SqlError& error);
/// Notes how trying went; the change's bytes are not written again.
[[nodiscard]] std::expected<void, mysql::SqlError> note_try(mysql::Connection& connection, std::string_view region,
                                                            const PartitionKey& partition, const ParkedKey& key,
                                                            std::uint32_t attempts, int code, std::string_view reason);
[[nodiscard]] std::expected<void, mysql::SqlError> unpark(mysql::Connection& connection, std::string_view region,
                                                          const PartitionKey& partition, const ParkedKey& key);
/// Copies what is parked under the key to farshore.conflict_history, as discarded.
[[nodiscard]] std::expected<void, mysql::SqlError> keep_discarded(mysql::Connection& connection,
                                                                  std::string_view region,
                                                                  const PartitionKey& partition, const ParkedKey& key);

/// Those of the keys that are parked, by key; so many only as have no more than `bytes_max` bytes, and one at least.
[[nodiscard]] std::expected<std::vector<KeptChange>, mysql::SqlError> read_parked(mysql::Connection& connection,
                                                                                  std::string_view region,
                                                                                  const PartitionKey& partition,
                                                                                  std::span<const ParkedKey> keys,
                                                                                  std::size_t bytes_max);
/// A table of all partitions of an origin.
struct TableOfOrigin {
  std::string_view origin;
  std::string_view schema;
  std::string_view table;
};
/// Up to `limit` parked changes of a table, by stream, partition and key, locked until the transaction ends. Of the
/// bytes as above.
[[nodiscard]] std::expected<std::vector<KeptChange>, mysql::SqlError> lock_parked(mysql::Connection& connection,
                                                                                  std::string_view region,
                                                                                  const TableOfOrigin& table,
                                                                                  std::size_t limit,
                                                                                  std::size_t bytes_max);
/// How many parked changes of a table were refused, when last noted, with another error than these.
[[nodiscard]] std::expected<std::uint64_t, mysql::SqlError> count_refused_otherwise(mysql::Connection& connection,
                                                                                    std::string_view region,
                                                                                    const TableOfOrigin& table,
                                                                                    std::span<const int> codes);
struct ParkedOfTable {
  std::string schema;
  std::string table;
  std::uint64_t changes = 0;
};
/// What is parked of the origin from before an epoch, by table.
[[nodiscard]] std::expected<std::vector<ParkedOfTable>, mysql::SqlError> count_parked_before(
    mysql::Connection& connection, std::string_view region, std::string_view origin, Epoch epoch);

}  // namespace farshore::store
