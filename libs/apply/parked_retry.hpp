#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apply/parking.hpp"
#include "apply/row_writer.hpp"
#include "apply/work_set.hpp"
#include "apply/write_plan.hpp"
#include "base/clock.hpp"
#include "base/table_name.hpp"
#include "change/change_table.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Tries what is parked of a partition again, in the open transaction, which began with the partition's progress.
/// Neither begins nor commits. One thread.
class ParkedRetry {
 public:
  /// Why a change stays parked.
  struct Refusal {
    std::string reason;
    int code = 0;
    bool is_taken = false;            ///< another row holds a unique value that it needs
    std::vector<UniqueValue> wanted;  ///< is_taken: which
  };

  /// `look`: as RowWriter's; it has begun with the transaction, and its owner notes what it found.
  ParkedRetry(std::string region, Parking& parking, Planner& planner, RowLook* look)
      : region_(std::move(region)), parking_(parking), planner_(planner), look_(look) {}

  /// Tries what is due, each change by itself, then those that may wait for one another in a circle. What is refused
  /// since a unique value is taken, and by no row that the origin's own changes will move, becomes a conflict. True:
  /// there is something to commit; else the transaction holds nothing worth it. An error is one of the whole
  /// transaction. Afterwards settled().
  [[nodiscard]] std::expected<bool, Failure> pass(mysql::Connection& connection, const store::ProgressRow& progress,
                                                  Clock::time_point now);
  /// The pass was committed, or not.
  void settled(bool committed, const store::PartitionKey& partition, Clock::time_point now);
  /// What became conflicts in the last pass: sentences for people.
  [[nodiscard]] const std::vector<std::string>& found_conflicts() const { return conflicts_; }

  /// One change by itself. Nothing: it is applied, and parked no more.
  [[nodiscard]] std::expected<std::optional<Refusal>, Failure> try_one(mysql::Connection& connection,
                                                                       const store::ProgressRow& progress,
                                                                       const ParkedChange& change);
  /// The change, bound to the target's table. Lives until the next call of any member.
  [[nodiscard]] std::expected<RowOp, Failure> op_of(mysql::Connection& connection, const store::ProgressRow& progress,
                                                    const ParkedChange& change);

  /// What is done where a key is held back, for a row that is written by other means: RowLook::look_held() before
  /// it, and note_seen() when it is written. Nothing where nobody looks.
  [[nodiscard]] std::expected<std::vector<RowLook::Sighting>, Failure> look_held(mysql::Connection& connection,
                                                                                 const store::PartitionKey& partition,
                                                                                 const RowOp& op,
                                                                                 bool with_images = true);
  [[nodiscard]] std::expected<void, Failure> note_seen(mysql::Connection& connection,
                                                       const store::PartitionKey& partition, const RowOp& op,
                                                       std::span<const RowLook::Sighting> seen);
  /// Likewise, when it is written. `op`: the last that op_of() gave.
  [[nodiscard]] std::expected<void, Failure> read_back(mysql::Connection& connection, const RowOp& op) {
    return read_back(connection, set_.slices(), op);
  }

 private:
  struct Refused {
    ParkedChange change;
    Refusal why;
    std::uint32_t attempts = 0;
    bool is_news = false;
  };
  struct Together {
    Clock::time_point next_at;
    std::chrono::milliseconds time{0};
  };

  [[nodiscard]] std::expected<void, Failure> try_due(mysql::Connection& connection, const store::ProgressRow& progress,
                                                     Clock::time_point now);
  [[nodiscard]] std::expected<void, Failure> try_tables(mysql::Connection& connection,
                                                        const store::ProgressRow& progress, Clock::time_point now);
  /// The changes of a table with a further unique key may wait for one another in a circle, over several partitions:
  /// they are applied at once. The rows of other partitions' parked changes take part, and their changes stay parked:
  /// their partitions write the same images again, and find room. (A parked change is its key's newest: it goes in the
  /// transaction that writes a newer one, and is locked here.) Those that do not fit the table any more take no part.
  /// False: a change of the table is parked for another reason than a taken value.
  [[nodiscard]] std::expected<bool, Failure> together(mysql::Connection& connection, const store::ProgressRow& progress,
                                                      const TableName& table);
  /// Writes what fits of one table's parked changes, and what was seen of their rows before.
  [[nodiscard]] std::expected<void, Failure> write_all(mysql::Connection& connection,
                                                       const store::ProgressRow& progress, const WorkSet& set,
                                                       std::span<const RowOp> ops);
  [[nodiscard]] std::expected<void, Failure> read_back(mysql::Connection& connection, std::span<const Slice> slices,
                                                       const RowOp& op);
  [[nodiscard]] std::expected<void, Failure> make_conflict(mysql::Connection& connection,
                                                           const store::ProgressRow& progress, const Refused& refused);
  [[nodiscard]] std::expected<void, Failure> read(const ParkedChange& change, WorkSet& set);
  /// It can be read, and its table is there and takes its columns.
  [[nodiscard]] std::expected<bool, Failure> fits(mysql::Connection& connection, const ParkedChange& change);
  [[nodiscard]] bool may_be_in_a_circle(const store::PartitionKey& partition, const TableName& table,
                                        Clock::time_point now) const;

  const std::string region_;
  Parking& parking_;
  Planner& planner_;
  RowLook* const look_;
  change::TableCache tables_;
  WorkSet set_;
  std::vector<SliceCounts> counts_;
  std::vector<Refused> refused_;    ///< of the pass at hand
  std::vector<ParkedKey> applied_;  ///< likewise
  std::vector<UniqueValue> freed_;  ///< likewise
  std::set<TableName> converted_;   ///< likewise
  std::vector<std::string> conflicts_;
  std::map<std::pair<store::PartitionKey, TableName>, Together> together_;
};

/// Writes the last images of keys that differ, all of a table with WritePath::kCareful and Writes::kImage: takes the
/// rows of all of them away and puts the new ones in. Changes whose new row finds no room even so are left out, and
/// their rows stay as they were. Returns which ones are written.
[[nodiscard]] std::expected<std::vector<bool>, mysql::SqlError> write_together(mysql::Connection& connection,
                                                                               std::span<const RowOp> ops);

}  // namespace farshore::apply
