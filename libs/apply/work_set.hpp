#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "apply/read_batch.hpp"
#include "base/numbers.hpp"
#include "change/epoch_start.hpp"
#include "change/watermark.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The changes [begin, end) of a batch.
struct BatchPart {
  std::shared_ptr<const ReadBatch> batch;
  std::uint32_t slice = 0;  ///< index in WorkSet::slices()
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::vector<bool> contained;  ///< by change of the batch: true: counted, not applied; empty: none
  bool overlaps = false;        ///< see ProgressMark::include()

  [[nodiscard]] std::uint32_t rows() const { return end - begin; }
  [[nodiscard]] bool is_contained(std::uint32_t change) const { return !contained.empty() && contained[change]; }
};

/// Where a partition stands until what is asked for there is done, here and in the origin's other partitions. The start
/// of an epoch is one; there is no other kind so far. What it asks for: barrier.hpp.
struct Barrier {
  EpochId epoch;
  change::EpochStart start;

  /// Behind a statement that is to be run here too.
  [[nodiscard]] bool asks() const { return start.statement && start.statement->is_waited_for(); }
};

/// One partition's part of a work set: it brings the partition from `base` to `next`.
struct Slice {
  store::PartitionKey key;
  EpochId base_epoch;
  Seq base_seq;
  store::ProgressRow next;
  std::optional<KafkaOffset> next_offset;            ///< where reading would go on after this; none: as before
  std::optional<Barrier> arrival;                    ///< the last thing in the slice
  std::optional<std::vector<change::Doubt>> doubts;  ///< all that the origin's own region has now, where it may be new
  std::uint64_t rows = 0;                            ///< changes, contained ones among them
  std::uint64_t contained = 0;
};

/// What one target transaction will hold: changes of several batches and partitions, in the order of arrival, so in
/// each partition's order. Keeps the batches alive. Used again after clear(). Not thread safe; handed from the thread
/// that gathers to the one that writes.
class WorkSet {
 public:
  /// Begins a partition's slice; its index is good until clear().
  std::uint32_t open_slice(const store::ProgressRow& base);
  void add(BatchPart part);
  void clear();

  [[nodiscard]] bool empty() const { return slices_.empty(); }
  [[nodiscard]] Slice& slice(std::uint32_t index) { return slices_[index]; }
  [[nodiscard]] std::span<const Slice> slices() const { return slices_; }
  [[nodiscard]] std::span<Slice> slices() { return slices_; }
  [[nodiscard]] std::span<const BatchPart> parts() const { return parts_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Differs from every other filling of this set.
  [[nodiscard]] std::uint64_t serial() const { return serial_; }

 private:
  std::vector<Slice> slices_;
  std::vector<BatchPart> parts_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t serial_ = 1;
};

}  // namespace farshore::apply
