#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/work_set.hpp"
#include "change/table_rules.hpp"
#include "mysql/sql_error.hpp"
#include "store/added_column.hpp"
#include "store/progress_row.hpp"
#include "store/statement_store.hpp"

/// What is waited for at a barrier, and what the step over it changes. Pure: no input, no output. That the start of an
/// epoch is a barrier is known here, in barrier_store, and where its record is read (partition_tracker and _intake);
/// who takes partitions over barriers knows no kind of them.
///
/// At the start of an epoch three things are waited for, in this order, so that at the last one everything before the
/// epoch is applied here and nothing after it:
///   1. every partition of the origin has arrived, or is beyond;
///   2. nothing of the origin is parked from an earlier epoch: no parked row outlives the shape it was written under,
///      or the statement that came after it;
///   3. where the epoch begins behind a statement that changed rows without row events, an operator has said that the
///      same was done here, or is to be passed over.
namespace farshore::apply {

/// Changes of a table that are parked from before an epoch.
struct ParkedBefore {
  std::string table;  ///< "schema.table"
  std::uint64_t changes = 0;
};

/// What decides whether a barrier may be passed.
struct BarrierFacts {
  std::vector<store::ProgressRow> rows;  ///< the origin's, of this region
  std::vector<ParkedBefore> parked;      ///< of the origin, from earlier epochs
  /// What was said of the statement before the epoch; nothing: there is none, or it is not in the table.
  std::optional<store::StatementState> statement;
  /// The same one, by its GTID, was decided before another epoch: it is told again, and all that it asks for is done.
  /// Done once more by hand, it would take away what came behind it.
  bool is_told_again = false;
};

/// What a partition waits for at a barrier.
struct BarrierWait {
  store::PartitionState state = store::PartitionState::kAtBarrier;
  std::string reason;  ///< for people: what, and what ends it
};

/// Nothing: it may be passed.
[[nodiscard]] std::optional<BarrierWait> wait_at_barrier(const std::string& origin, const Barrier& barrier,
                                                         const BarrierFacts& facts);

/// The database refuses what belongs to passing it.
[[nodiscard]] BarrierWait cannot_pass(const Barrier& barrier, const mysql::SqlError& error);

/// The row of a partition that stood there, once it has passed.
[[nodiscard]] store::ProgressRow row_behind(const Barrier& barrier, const store::ProgressRow& row);

/// What passing it makes unequal here: of each stream the tables, or "" for all of its tables.
struct UnequalTable {
  std::string stream;
  std::string table;
  std::string why;

  friend bool operator==(const UnequalTable&, const UnequalTable&) = default;
};
/// The columns that the origin has added before the epoch with one constant for all rows, of a table that this region
/// takes: what they have here is to be compared.
[[nodiscard]] std::vector<store::AwaitedColumn> added_behind(const std::string& origin, const Barrier& barrier,
                                                             const change::TableRules& rules);
[[nodiscard]] std::vector<UnequalTable> unequal_behind(const Barrier& barrier,
                                                       std::optional<store::StatementState> statement,
                                                       const change::TableRules& rules);

}  // namespace farshore::apply
