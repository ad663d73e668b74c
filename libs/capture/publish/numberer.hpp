#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "base/row_change.hpp"
#include "capture/publish/partition_writer.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/publish/row_router.hpp"
#include "change/batch_builder.hpp"
#include "change/op.hpp"

namespace farshore::capture {

/// Gives every changed row its partition, its number there, and its place in the transaction, in the order in which
/// they come.
///
/// 1. Numbers depend on the rows, the numbering (rules, partitions, groups) and the start alone: not on time, not on
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

  /// `writers` (by slot) outlive the numberer.
  Numberer(std::vector<PartitionWriter>& writers, Limits limits, SendBatch send);

  /// The next transaction; its texts must be filled before its first row. Outlives the rows given.
  void begin(const change::SourceTransaction& transaction);
  /// The transaction's next row, whoever has read it, with the images that `op` has. `foreign_keys_off`: its session
  /// had foreign_key_checks=0, and nothing cascaded. False: it is not numbered, refusal() says why, and nothing more
  /// may be sent.
  [[nodiscard]] bool add(const RoutedTable& table, change::Op op, const RowChange& row, bool foreign_keys_off);
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  /// The transaction is whole: marks its last change, if it is not sent yet.
  void end();

  /// The partition that holds the newest change of the transaction under way: kept back until more is known, so that
  /// the last change of a transaction always carries its mark.
  [[nodiscard]] std::optional<Slot> open_slot() const { return open_slot_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }  ///< captured rows so far, all transactions

 private:
  [[nodiscard]] bool write(const RoutedTable& table, const change::ChangeInput& change);
  [[nodiscard]] bool refuse_size(const RoutedTable& table, const change::ChangeInput& change);

  std::vector<PartitionWriter>& writers_;
  const Limits limits_;
  const SendBatch send_;
  std::string scratch_;
  const change::SourceTransaction* transaction_ = nullptr;
  std::uint64_t row_in_transaction_ = 0;
  std::optional<Slot> open_slot_;
  std::uint64_t rows_ = 0;
  std::string refusal_;
};

}  // namespace farshore::capture
