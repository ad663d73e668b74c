#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"

/// The table farshore.parked_first: of each key that is parked, or in conflict after it was, the first change that was
/// held back. Until a change of the key is written, the row here should stay as it was before that one, whatever newer
/// change is parked by then. All of it takes part in the open transaction.
namespace farshore::store {

/// What is parked under the key by now, in place of what is kept under it.
[[nodiscard]] std::expected<void, mysql::SqlError> keep_first(mysql::Connection& connection, std::string_view region,
                                                              const PartitionKey& partition, const ParkedKey& key);
/// This one, in place of what is kept under its key.
[[nodiscard]] std::expected<void, mysql::SqlError> put_first(mysql::Connection& connection, std::string_view region,
                                                             const ChangeToKeep& change);
/// Returns nullopt if none is known, as of a conflict by rule, and of what was parked before there was this table.
/// Locked until the transaction ends: who looks at the row after it waits for those who write the row and take this
/// away.
[[nodiscard]] std::expected<std::optional<KeptChange>, mysql::SqlError> lock_first(mysql::Connection& connection,
                                                                                   std::string_view region,
                                                                                   std::string_view origin,
                                                                                   const ParkedKey& key);
[[nodiscard]] std::expected<void, mysql::SqlError> forget_first(mysql::Connection& connection, std::string_view region,
                                                                std::string_view origin, const ParkedKey& key);
/// The same of all keys of these tables, "schema.table", whose first is of an earlier epoch. None named: of any table
/// of the origin.
[[nodiscard]] std::expected<void, mysql::SqlError> forget_firsts_before(mysql::Connection& connection,
                                                                        std::string_view region,
                                                                        std::string_view origin, Epoch epoch,
                                                                        std::span<const std::string> tables);

}  // namespace farshore::store
