#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apply/conflicts.hpp"
#include "apply/parked_change.hpp"
#include "apply/parked_key.hpp"
#include "apply/parked_waits.hpp"
#include "apply/row_op.hpp"
#include "base/clock.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The changes that are parked, with the open conflicts beside them: when one is, and when it is over. What is parked
/// of the partitions in hand is also kept in memory, by key, so that later changes of a parked key find it, those of
/// the same transaction too. The writing members take part in the open transaction; settle() afterwards. Not thread
/// safe.
class Parking {
 public:
  /// `clock` outlives it.
  Parking(std::string region, std::chrono::milliseconds longest_wait, const Clock& clock)
      : region_(std::move(region)), clock_(clock), waits_(longest_wait), conflicts_(region_) {}

  [[nodiscard]] std::expected<void, mysql::SqlError> load(mysql::Connection& connection,
                                                          const store::PartitionKey& partition);
  void forget(const store::PartitionKey& partition);
  /// It is not in the table any more, and not by our doing.
  void drop(const store::PartitionKey& partition, const ParkedKey& key);
  /// Parked durably.
  [[nodiscard]] std::size_t count(const store::PartitionKey& partition) const;
  /// Parked changes of a table, of all partitions of the origin, that were refused for another reason, when last noted,
  /// than that a unique key holds a value already.
  [[nodiscard]] std::expected<std::uint64_t, mysql::SqlError> count_not_taken(mysql::Connection& connection,
                                                                              const std::string& origin,
                                                                              const std::string& schema,
                                                                              const std::string& table);
  /// A key of the change (the old one too, if it changes its key) is parked, durably or by the open transaction, or an
  /// open conflict has it.
  [[nodiscard]] bool touches(const store::PartitionKey& partition, const RowOp& op) const;
  [[nodiscard]] bool is_parked(const store::PartitionKey& partition, const ParkedKey& key) const;
  /// touches(), and what only memory says to be in conflict is asked of the database.
  [[nodiscard]] std::expected<bool, mysql::SqlError> holds_back(mysql::Connection& connection,
                                                                const store::PartitionKey& partition,
                                                                const RowOp& op) const;

  /// Keeps the change in place of what is parked under its key, or was in conflict.
  [[nodiscard]] std::expected<void, mysql::SqlError> park(mysql::Connection& connection,
                                                          const store::PartitionKey& partition, const RowOp& op,
                                                          const mysql::SqlError& error);
  /// The change is written: whatever is parked or in conflict under its keys is over.
  [[nodiscard]] std::expected<void, mysql::SqlError> written(mysql::Connection& connection,
                                                             const store::PartitionKey& partition, const RowOp& op);
  [[nodiscard]] std::expected<void, mysql::SqlError> remove(mysql::Connection& connection,
                                                            const store::PartitionKey& partition, const ParkedKey& key);
  /// The parked change goes to the history: somebody discards it.
  [[nodiscard]] std::expected<void, mysql::SqlError> discard(mysql::Connection& connection,
                                                             const store::PartitionKey& partition,
                                                             const ParkedKey& key);
  /// Keeps a change that may not be applied by rule, with the row as it stands here.
  [[nodiscard]] std::expected<void, mysql::SqlError> add_conflict(mysql::Connection& connection,
                                                                  const store::PartitionKey& partition, const RowOp& op,
                                                                  const std::string& reason);
  /// The same for one whose unique value another row holds here, which no change of the origin will take away.
  [[nodiscard]] std::expected<void, mysql::SqlError> add_clash(mysql::Connection& connection,
                                                               const store::PartitionKey& partition, const RowOp& op,
                                                               const std::string& reason);
  [[nodiscard]] Conflicts& conflicts() { return conflicts_; }
  /// Of each key that is parked, or in conflict after it was, the first change that was held back is kept, see
  /// store/parked_first.hpp. In place of that of the change's key: that the row is as the change leaves it. It was
  /// written for another partition, whose own it is to say that it is over.
  [[nodiscard]] std::expected<void, mysql::SqlError> expect_written(mysql::Connection& connection,
                                                                    const store::PartitionKey& partition,
                                                                    const RowOp& op);
  [[nodiscard]] std::expected<void, mysql::SqlError> forget_first(mysql::Connection& connection,
                                                                  const std::string& origin, const ParkedKey& key);
  /// The open transaction has changed what is parked or in conflict.
  [[nodiscard]] bool has_edits() const { return !edits_.empty(); }
  /// The transaction was committed, or not.
  void settle(bool committed);

  /// Notes how trying went; the change's bytes are not written again.
  [[nodiscard]] std::expected<void, mysql::SqlError> note_try(mysql::Connection& connection, const ParkedChange& change,
                                                              std::uint32_t attempts, int code,
                                                              const std::string& reason);
  [[nodiscard]] ParkedWaits& waits() { return waits_; }

  /// Those of the keys that are parked, as they happened; of many bytes only some.
  [[nodiscard]] std::expected<std::vector<ParkedChange>, mysql::SqlError> find(mysql::Connection& connection,
                                                                               const store::PartitionKey& partition,
                                                                               std::span<const ParkedKey> keys);
  /// Up to `limit` parked changes of a table, of all partitions of the origin, locked until the transaction ends.
  [[nodiscard]] std::expected<std::vector<ParkedChange>, mysql::SqlError> lock_table(mysql::Connection& connection,
                                                                                     const std::string& origin,
                                                                                     const std::string& schema,
                                                                                     const std::string& table,
                                                                                     std::size_t limit);

 private:
  [[nodiscard]] std::expected<void, mysql::SqlError> unpark(mysql::Connection& connection,
                                                            const store::PartitionKey& partition, const RowOp& op);

  const std::string region_;
  const Clock& clock_;
  ParkedWaits waits_;
  Conflicts conflicts_;
  std::map<store::PartitionKey, std::set<ParkedKey>> parked_;
  /// What the open transaction made of keys: parked, or no longer.
  std::map<store::PartitionKey, std::map<ParkedKey, bool>> edits_;
};

}  // namespace farshore::apply
