#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <vector>

#include "apply/parking.hpp"
#include "apply/row_writer.hpp"
#include "apply/work_set.hpp"
#include "apply/write_plan.hpp"
#include "change/change_table.hpp"
#include "mysql/connection.hpp"
#include "progress/progress_row.hpp"

namespace farshore::apply {

/// Tries what is parked of a partition again, in the open transaction, which began with the partition's progress.
/// Neither begins nor commits. One thread.
class ParkedRetry {
 public:
  ParkedRetry(Parking& parking, Planner& planner) : parking_(parking), planner_(planner) {}

  /// Each change by itself; those that fail again stay parked, with the new reason. An error is one of the whole
  /// transaction: nothing of it holds.
  [[nodiscard]] std::expected<void, Failure> one_by_one(mysql::Connection& connection,
                                                        const progress::ProgressRow& progress);
  /// The changes of a table with a further unique key may wait for one another in a circle, over several partitions:
  /// they are applied at once. The rows of other partitions' parked changes take part, and their changes stay parked:
  /// their partitions write the same images again, and find room. (A parked change is its key's newest: it goes in the
  /// transaction that writes a newer one, and is locked here.) Those that do not fit the table any more take no part.
  [[nodiscard]] std::expected<void, Failure> together(mysql::Connection& connection,
                                                      const progress::ProgressRow& progress);

 private:
  [[nodiscard]] std::expected<void, Failure> read(const ParkedChange& change, WorkSet& set);
  [[nodiscard]] std::expected<void, Failure> try_one(mysql::Connection& connection,
                                                     const progress::ProgressRow& progress, const ParkedChange& change);
  /// It can be read, and its table is there and takes its columns.
  [[nodiscard]] std::expected<bool, Failure> fits(mysql::Connection& connection, const ParkedChange& change);

  Parking& parking_;
  Planner& planner_;
  change::TableCache tables_;
  std::vector<SliceCounts> counts_;
};

/// Writes the last images of keys that differ, all of a table with WritePath::kCareful: takes the rows of all of them
/// away and puts the new ones in. Changes whose new row finds no room even so are left out, and their rows stay as they
/// were. Returns which ones are written.
[[nodiscard]] std::expected<std::vector<bool>, mysql::SqlError> write_together(mysql::Connection& connection,
                                                                               std::span<const RowOp> ops);

}  // namespace farshore::apply
