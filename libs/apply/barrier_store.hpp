#pragma once

#include <expected>
#include <string>

#include "apply/barrier.hpp"
#include "change/table_rules.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// What apply reads and writes of a barrier in the target database. Borrows the connection; takes part in its open
/// transaction, and neither begins nor commits one.
class BarrierStore {
 public:
  BarrierStore(mysql::Connection& connection, std::string region);

  [[nodiscard]] std::expected<BarrierFacts, mysql::SqlError> read(const std::string& origin, const Barrier& barrier);
  /// The statement is waited for: people find it in the table.
  [[nodiscard]] std::expected<void, mysql::SqlError> note_statement(const std::string& origin, const Barrier& barrier);
  /// What else is written with the step over the barrier: the rows of the epoch's partitions that have none, and what
  /// is not equal any more.
  [[nodiscard]] std::expected<void, mysql::SqlError> pass(const std::string& origin, const Barrier& barrier,
                                                          const BarrierFacts& facts, const change::TableRules& rules);

 private:
  mysql::Connection& connection_;
  std::string region_;
};

}  // namespace farshore::apply
