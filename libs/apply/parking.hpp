#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apply/row_op.hpp"
#include "change/batch_builder.hpp"
#include "mysql/connection.hpp"
#include "progress/progress_row.hpp"

namespace farshore::apply {

/// Names a parked change: its table and its key, as the source has them. The target has no part in it, so that a newer
/// change of the key finds it whatever becomes of the target's table.
struct ParkedKey {
  std::string schema;
  std::string table;
  std::array<char, 16> hash{};  ///< XXH3-128 of change::encode_key()
  friend auto operator<=>(const ParkedKey&, const ParkedKey&) = default;
};

/// A parked change as the table keeps it.
struct ParkedChange {
  progress::PartitionKey partition;
  ParkedKey key;
  EpochId epoch;
  Seq seq;
  std::string gtid;
  std::string header;  ///< the packed header that goes with it
  std::string bytes;   ///< a ChangeBatch with this one change
};

/// The tables farshore.parked and farshore.conflict. What is parked of the partitions in hand is also kept in memory,
/// by key, so that later changes of a parked key find it, those of the same transaction too. The writing members take
/// part in the open transaction; settle() afterwards. Not thread safe.
class Parking {
 public:
  explicit Parking(std::string region) : region_(std::move(region)) {}

  [[nodiscard]] std::expected<void, mysql::SqlError> load(mysql::Connection& connection,
                                                          const progress::PartitionKey& partition);
  void forget(const progress::PartitionKey& partition) { parked_.erase(partition); }
  /// Parked durably.
  [[nodiscard]] std::size_t count(const progress::PartitionKey& partition) const;
  /// A key of the change (the old one too, if it changes its key) is parked, durably or by the open transaction.
  [[nodiscard]] bool touches(const progress::PartitionKey& partition, const RowOp& op) const;

  /// Keeps the change in place of what is parked under its key.
  [[nodiscard]] std::expected<void, mysql::SqlError> park(mysql::Connection& connection,
                                                          const progress::PartitionKey& partition, const RowOp& op,
                                                          const mysql::SqlError& error);
  /// The parked change was tried and stays, now for this reason.
  [[nodiscard]] std::expected<void, mysql::SqlError> keep(mysql::Connection& connection, const ParkedChange& change,
                                                          const std::string& reason);
  /// Whatever is parked under the change's keys is over.
  [[nodiscard]] std::expected<void, mysql::SqlError> unpark(mysql::Connection& connection,
                                                            const progress::PartitionKey& partition, const RowOp& op);
  /// Keeps a change that may not be applied by rule, with the row as it stands here.
  [[nodiscard]] std::expected<void, mysql::SqlError> add_conflict(mysql::Connection& connection,
                                                                  const progress::PartitionKey& partition,
                                                                  const RowOp& op, const std::string& reason);
  /// The open transaction has unparked something.
  [[nodiscard]] bool has_freed() const;
  /// The transaction was committed, or not.
  void settle(bool committed);

  /// Up to `limit` parked changes of the partition, those first that were not tried for longest.
  [[nodiscard]] std::expected<std::vector<ParkedChange>, mysql::SqlError> list(mysql::Connection& connection,
                                                                               const progress::PartitionKey& partition,
                                                                               std::size_t limit);
  /// Up to `limit` parked changes of a table, of all partitions of the origin, locked until the transaction ends.
  [[nodiscard]] std::expected<std::vector<ParkedChange>, mysql::SqlError> lock_table(mysql::Connection& connection,
                                                                                     const std::string& origin,
                                                                                     const std::string& schema,
                                                                                     const std::string& table,
                                                                                     std::size_t limit);

 private:
  [[nodiscard]] std::expected<std::vector<ParkedChange>, mysql::SqlError> query(mysql::Connection& connection,
                                                                                const std::string& condition,
                                                                                std::size_t limit,
                                                                                std::string_view lock);
  [[nodiscard]] std::expected<void, mysql::SqlError> remove(mysql::Connection& connection,
                                                            const progress::PartitionKey& partition,
                                                            const ParkedKey& key);
  [[nodiscard]] bool is_parked(const progress::PartitionKey& partition, const ParkedKey& key) const;
  [[nodiscard]] std::string where(const progress::PartitionKey& partition) const;
  [[nodiscard]] std::string where(const progress::PartitionKey& partition, const ParkedKey& key) const;

  const std::string region_;
  std::map<progress::PartitionKey, std::set<ParkedKey>> parked_;
  /// What the open transaction made of keys: parked, or no longer.
  std::map<progress::PartitionKey, std::map<ParkedKey, bool>> edits_;
};

/// The change alone in a batch of its own, as parked and conflict tables keep it. Its ordinal is 0 there.
[[nodiscard]] std::string single_change_bytes(const progress::PartitionKey& partition, const RowOp& op);
/// The packed header that goes with it again.
[[nodiscard]] std::string single_change_header(const ParkedChange& parked);

}  // namespace farshore::apply
