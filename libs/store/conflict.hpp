#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"

/// The tables farshore.conflict, with changes that may not be applied by rule, and farshore.conflict_history, with
/// those that are over. All of it takes part in the open transaction.
namespace farshore::store {

/// Of the origin, up to `limit`.
[[nodiscard]] std::expected<std::vector<ParkedKey>, mysql::SqlError> read_conflict_keys(mysql::Connection& connection,
                                                                                        std::string_view region,
                                                                                        std::string_view origin,
                                                                                        std::size_t limit);
[[nodiscard]] std::expected<bool, mysql::SqlError> has_conflict(mysql::Connection& connection, std::string_view region,
                                                                std::string_view origin, const ParkedKey& key);
/// `target_image`: JSON of what stands here; nullopt: nothing does.
[[nodiscard]] std::expected<void, mysql::SqlError> add_conflict(mysql::Connection& connection, std::string_view region,
                                                                const ChangeToKeep& change,
                                                                std::optional<std::string_view> target_image,
                                                                std::string_view reason);
/// What is open under the key goes to the history; so much of the history as is older than 30 days goes away.
[[nodiscard]] std::expected<void, mysql::SqlError> end_conflicts(mysql::Connection& connection, std::string_view region,
                                                                 std::string_view origin, const ParkedKey& key,
                                                                 std::string_view how);
/// The conflict of this very change, locked until the transaction ends.
[[nodiscard]] std::expected<std::optional<KeptChange>, mysql::SqlError> lock_conflict(mysql::Connection& connection,
                                                                                      std::string_view region,
                                                                                      const PartitionKey& partition,
                                                                                      const ParkedKey& key, Epoch epoch,
                                                                                      Seq seq);

}  // namespace farshore::store
