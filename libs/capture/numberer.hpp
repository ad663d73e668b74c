#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "base/value.hpp"
#include "binlog/decoder.hpp"
#include "binlog/row_cursor.hpp"
#include "capture/partition_writer.hpp"
#include "capture/partitions.hpp"
#include "capture/row_router.hpp"
#include "change/batch_builder.hpp"

namespace farshore::capture {

/// Gives every row change its partition, its number there, and its place in the transaction, in the binlog's order.
///
/// 1. Numbers depend on the binlog, the numbering (rules, partitions, groups) and the start alone: not on time, not on
///    where batches are cut, not on the live schema.
/// 2. A row has ordinal 2r, r being its place among the transaction's captured rows, from 0. So where other tables are
///    captured it has another one: see Checkpoint::split_tables.
/// 3. An update that changes the primary key is a delete of the old key (ordinal 2r) and an insert of the new one
///    (ordinal 2r + 1), each in its key's partition. In an order group it stays one update.
///
/// Allocates nothing for a row. Not thread safe.
class Numberer {
 public:
  /// Called when a partition's batch has to be sent before another change fits. It must leave the batch empty, or have
  /// ended the session.
  using SendBatch = std::function<void(Slot)>;

  struct Limits {
    std::size_t batch_bytes = 64U << 10;
    std::size_t row_bytes_max = 8U << 20;  ///< of one encoded change, alone in a batch
  };

  /// `router` and `writers` (by slot) outlive the numberer.
  Numberer(RowRouter& router, std::vector<PartitionWriter>& writers, Limits limits, SendBatch send);

  /// The next transaction; its texts must be filled before its first row. Outlives the rows given.
  void begin(const change::SourceTransaction& transaction);
  /// All rows of an event of a captured table. Whoever is told to stop sends nothing more.
  [[nodiscard]] std::optional<RowsRefusal> add(const binlog::RowsEvent& rows);
  /// The transaction is whole: marks its last change, if it is not sent yet.
  void end();

  /// The partition that holds the newest change of the transaction under way: kept back until more is known, so that
  /// the last change of a transaction always carries its mark.
  [[nodiscard]] std::optional<Slot> open_slot() const { return open_slot_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }  ///< captured rows so far, all transactions

 private:
  [[nodiscard]] bool add_row(const RoutedTable& table, binlog::RowChangeKind op, bool no_cascade,
                             const binlog::RowChange& row);
  [[nodiscard]] bool write(const RoutedTable& table, std::span<const Value> routed_by,
                           const change::ChangeInput& change);
  [[nodiscard]] bool refuse_size(const RoutedTable& table, std::span<const Value> routed_by,
                                 const change::ChangeInput& change);

  RowRouter& router_;
  std::vector<PartitionWriter>& writers_;
  const Limits limits_;
  const SendBatch send_;
  binlog::RowCursor cursor_;
  std::string scratch_;
  const change::SourceTransaction* transaction_ = nullptr;
  std::uint64_t row_in_transaction_ = 0;
  std::optional<Slot> open_slot_;
  std::uint64_t rows_ = 0;
  std::string refusal_;  ///< why write() gave false
};

}  // namespace farshore::capture
