#pragma once

#include <cstdint>
#include <string>

#include "base/gtid.hpp"
#include "change/batch_reader.hpp"
#include "change/watermark.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The progress row as it will be once everything that was included is applied. What it states is always true of
/// exactly those changes, wherever inside a batch the last of them stands. Pure.
class ProgressMark {
 public:
  explicit ProgressMark(store::ProgressRow row) : row_(std::move(row)) {}

  /// The changes of the batch before index `end` are included. `contained`: the last of them was contained already.
  /// `overlaps`: the position may already hold more than the batch's.
  void include(const change::Batch& batch, std::uint32_t end, bool contained, bool overlaps);
  /// True: it moved something. A watermark that names more than is included is for later.
  bool note(const change::Watermark& watermark);
  void enter_epoch(const store::ProgressRow& row) { row_ = row; }
  /// The reason is made fit for the table.
  void set_state(store::PartitionState state, std::string reason);

  [[nodiscard]] const store::ProgressRow& row() const { return row_; }

 private:
  store::ProgressRow row_;
};

/// The row of a partition that enters an epoch: its numbering starts again, and it contains what it did, and what the
/// epoch does not publish.
[[nodiscard]] store::ProgressRow entered(const store::ProgressRow& row, EpochId id, const OriginPosition& begins_at);

}  // namespace farshore::apply
