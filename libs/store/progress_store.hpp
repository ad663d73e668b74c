#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::store {

/// Appends the condition that selects a partition's rows in any table of the farshore schema.
void append_partition_condition(std::string_view region, const PartitionKey& key, std::string& out);

/// The progress table of one region's database. Borrows the connection; takes part in its open transaction, if there
/// is one, and neither begins nor commits one.
class ProgressStore {
 public:
  ProgressStore(mysql::Connection& connection, std::string region);

  /// Every partition of every origin, by origin, stream, partition. Without the self-test row of apply.
  std::expected<std::vector<ProgressRow>, mysql::SqlError> load();
  std::expected<std::vector<ProgressRow>, mysql::SqlError> load_origin(std::string_view origin);
  std::expected<std::optional<ProgressRow>, mysql::SqlError> find(const PartitionKey& key);

  /// Streams of the origin that have rows.
  std::expected<std::vector<std::string>, mysql::SqlError> streams_of(std::string_view origin);
  /// Of the origin's rows; 0: there is none.
  std::expected<Epoch, mysql::SqlError> newest_epoch(std::string_view origin);
  /// An apply process that holds a partition of the origin, and has written its row within `age`; empty: none.
  std::expected<std::string, mysql::SqlError> owner_within(std::string_view origin, std::chrono::seconds age);

  /// False: there is a row already, which stays as it is.
  std::expected<bool, mysql::SqlError> insert_if_absent(const ProgressRow& row);
  /// Compare and set: writes `next` over the row if it still has the epoch, seq and writes of `current`; `writes` grows
  /// by one. False: someone else has written the row; nothing is changed.
  /// Must be the first write of its transaction: it is the marker.
  std::expected<bool, mysql::SqlError> advance(const ProgressRow& current, const ProgressRow& next);

 private:
  std::expected<std::vector<ProgressRow>, mysql::SqlError> select(std::string_view condition);

  mysql::Connection& connection_;
  std::string region_;
  std::string sql_;  ///< reused
};

/// Writes a row that belongs to no partition, and so a marker: the first write of a transaction that is Farshore's own
/// and moves no partition, or of one that looks whether markers show in the binlog. `who`: one row for each.
[[nodiscard]] std::expected<void, mysql::SqlError> write_self_test(mysql::Connection& connection,
                                                                   std::string_view region, std::string_view who);

}  // namespace farshore::store
