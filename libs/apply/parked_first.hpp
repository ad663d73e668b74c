#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "apply/parked_change.hpp"
#include "apply/parked_key.hpp"
#include "apply/row_op.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The table farshore.parked_first: of each key that is parked, or in conflict after it was, the first change that was
/// held back. Until a change of the key is written, the row here should stay as it was before that one, whatever newer
/// change is parked by then. Takes part in the open transaction, keeps nothing in memory.
class ParkedFirst {
 public:
  explicit ParkedFirst(std::string region) : region_(std::move(region)) {}

  /// What is parked under the key by now, in place of what is kept under it.
  [[nodiscard]] std::expected<void, mysql::SqlError> keep(mysql::Connection& connection,
                                                          const store::PartitionKey& partition, const ParkedKey& key);
  /// Nothing: none is known, as of a conflict by rule, and of what was parked before there was this table. Locked until
  /// the transaction ends: who looks at the row after it waits for those who write the row and take this away.
  [[nodiscard]] std::expected<std::optional<ParkedChange>, mysql::SqlError> find(mysql::Connection& connection,
                                                                                 const std::string& origin,
                                                                                 const ParkedKey& key);
  /// In place of what is kept under the change's key, that the row is as the change leaves it: it was written for
  /// another partition, whose own it is to say that it is over.
  [[nodiscard]] std::expected<void, mysql::SqlError> expect_written(mysql::Connection& connection,
                                                                    const store::PartitionKey& partition,
                                                                    const RowOp& op);
  [[nodiscard]] std::expected<void, mysql::SqlError> forget(mysql::Connection& connection, const std::string& origin,
                                                            const ParkedKey& key);
  /// The same of all keys of these tables, "schema.table", whose first is of an earlier epoch: a statement changed
  /// their rows, and no change tells how. None named, or all of a schema: any table of the origin.
  [[nodiscard]] std::expected<void, mysql::SqlError> forget_before(mysql::Connection& connection,
                                                                   const std::string& origin, Epoch epoch,
                                                                   std::span<const std::string> tables);

 private:
  const std::string region_;
};

}  // namespace farshore::apply
