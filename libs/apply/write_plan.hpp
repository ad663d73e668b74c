#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apply/failure.hpp"
#include "apply/key_map.hpp"
#include "apply/row_op.hpp"
#include "apply/target_catalog.hpp"
#include "apply/target_table.hpp"
#include "apply/work_set.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// By the form of its transactions' GTIDs.
[[nodiscard]] ServerKind kind_of_source(const change::Batch& batch);

/// What is to be written. Points into the work set and the catalog's tables.
struct WritePlan {
  struct Table {
    std::string name;                        ///< schema.table
    WritePath path = WritePath::kCoalesced;  ///< the strictest of its targets, at least kOrdered where the merge rule
                                             ///< joins no changes; kCareful may become kCoalesced
    std::vector<RowOp> ops;                  ///< kCoalesced: one a key; else every change in order
  };
  std::vector<Table> tables;
  std::vector<RowOp> grouped;  ///< of order groups: every change, in order over all tables
  std::vector<std::shared_ptr<const TargetTable>> targets;
};

/// Turns the work set's changes into a plan: finds their tables at the target, joins the changes of each key where the
/// merge rule does, each follows the one before it, keys are equal only as bytes and no two rows share a value of a
/// further unique key, keeps the order elsewhere.
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
