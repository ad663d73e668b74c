#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apply/key_map.hpp"
#include "apply/row_op.hpp"
#include "apply/target_catalog.hpp"
#include "apply/target_table.hpp"
#include "apply/work_set.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// Why a work set was not written.
struct Failure {
  /// Set: the whole transaction is to be tried again. Else one slice cannot go on, and the others can without it.
  std::optional<mysql::SqlError> retry;
  bool look = false;      ///< with retry: looking at each row first, see RowLook
  bool in_order = false;  ///< with retry: without merging the rows of tables with further unique keys
  std::uint32_t slice = 0;
  progress::PartitionState state = progress::PartitionState::kStopped;
  std::string reason;
  std::string schema;  ///< of the table whose statement met `retry`, where there is one
  std::string table;

  [[nodiscard]] static Failure again(mysql::SqlError error) {
    Failure failure;
    failure.retry = std::move(error);
    return failure;
  }
  [[nodiscard]] static Failure look_first() {
    Failure failure = again({mysql::SqlErrorKind::kLockWait, 0, {}, "rows are not as expected"});
    failure.look = true;
    return failure;
  }
  [[nodiscard]] static Failure in_order_now() {
    Failure failure = again({mysql::SqlErrorKind::kLockWait, 0, {}, "a merged row is refused"});
    failure.in_order = true;
    return failure;
  }
  [[nodiscard]] Failure at(std::string_view schema_name, std::string_view table_name) && {
    schema = schema_name;
    table = table_name;
    return std::move(*this);
  }
  [[nodiscard]] Failure at(const TableShape& shape) && { return std::move(*this).at(shape.schema, shape.name); }
  [[nodiscard]] static Failure of_slice(std::uint32_t slice, progress::PartitionState state, std::string reason) {
    Failure failure;
    failure.slice = slice;
    failure.state = state;
    failure.reason = std::move(reason);
    return failure;
  }
  /// A statement of ours that no row is to blame for: the transaction is tried again where that may help, and else the
  /// slice stops.
  [[nodiscard]] static Failure of_statement(std::uint32_t slice, std::string_view what, const mysql::SqlError& error);
};

/// By the form of its transactions' GTIDs.
[[nodiscard]] ServerKind kind_of_source(const change::Batch& batch);

/// What is to be written. Points into the work set and the catalog's tables.
struct WritePlan {
  struct Table {
    std::string name;                        ///< schema.table
    WritePath path = WritePath::kCoalesced;  ///< the strictest of its targets; kCareful may become kCoalesced
    std::vector<RowOp> ops;                  ///< kCoalesced: one a key; else every change in order
  };
  std::vector<Table> tables;
  std::vector<RowOp> grouped;  ///< of order groups: every change, in order over all tables
  std::vector<std::shared_ptr<const TargetTable>> targets;
};

/// Turns the work set's changes into a plan: finds their tables at the target, keeps the last image of each key where
/// keys are equal only as bytes and no two rows share a value of a further unique key, keeps the order elsewhere.
class Planner {
 public:
  explicit Planner(TargetCatalog& catalog) : catalog_(catalog) {}

  /// `active`: by slice, whether it is in. `merges`: also rows of tables with further unique keys. The plan points into
  /// the work set, and lives until the next call. What it knows of the target's tables holds to the end of the open
  /// transaction, see TargetCatalog.
  [[nodiscard]] std::expected<const WritePlan*, Failure> plan(mysql::Connection& connection, const WorkSet& set,
                                                              const std::vector<bool>& active, bool merges = false);

 private:
  [[nodiscard]] std::expected<void, Failure> gather(mysql::Connection& connection, const WorkSet& set,
                                                    const std::vector<bool>& active, bool merges);
  [[nodiscard]] std::expected<void, Failure> add_part(mysql::Connection& connection, const BatchPart& part);
  /// A table of the batch at hand, bound.
  struct Known {
    const change::ChangeTable* source = nullptr;
    const TargetTable* target = nullptr;
    std::uint32_t table = 0;  ///< index in WritePlan::tables
  };
  [[nodiscard]] std::expected<Known, Failure> table_of(mysql::Connection& connection, const BatchPart& part,
                                                       const change::ChangeView& change);
  void add_change(std::uint32_t table, const RowOp& op);
  void merge_where_no_values_are_shared(std::uint32_t table);
  [[nodiscard]] bool owns_its_values(std::span<const Value> row, const TargetTable& target, std::uint32_t table,
                                     std::uint32_t owner);

  TargetCatalog& catalog_;
  WritePlan plan_;
  KeyMap keys_;
  KeyMap values_;  ///< of further unique keys: whose they are
  std::string key_;
  std::vector<RowOp> merged_;
  std::vector<Value> before_;
  std::vector<Known> known_;
};

}  // namespace farshore::apply
