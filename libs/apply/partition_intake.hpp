#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "apply/partition_tracker.hpp"
#include "apply/progress_mark.hpp"
#include "apply/work_set.hpp"
#include "change/change_table.hpp"

namespace farshore::apply {

/// What became of a record.
struct Intake {
  enum class Step : std::uint8_t {
    kDropped,   ///< nothing new in it
    kGathered,  ///< in the work set, or held back until its transaction is complete
    kBarrier,   ///< the partition stands at a barrier: take nothing more until pass_barrier()
    kGap,       ///< records are missing; the partition's state says so from now on
    kRefused,   ///< the same, and the partition cannot go past this record
  };
  Step step = Step::kDropped;
  std::uint64_t rows = 0;        ///< changes in the record
  std::uint64_t duplicates = 0;  ///< of them, those that were applied already
};

/// How large a transaction may be that is kept whole.
struct WholeTransaction {
  std::uint64_t rows_max = 100'000;
  std::uint64_t bytes_max = 16 * 1024 * 1024;  ///< of the records that are held for it
};

/// Takes one partition's records in order and puts what is new into work sets, each time with the progress row that is
/// true once it is applied. What a transaction does to order groups is kept whole: a work set never ends between its
/// first and its last change of a grouped table, unless what lies from there on is larger than the bounds. (It may end
/// before the first: batches without a grouped table do not wait.) Pure: no input, no output, no clock.
class PartitionIntake {
 public:
  PartitionIntake(const store::ProgressRow& row, const WholeTransaction& whole);

  /// `batch` holds the record; its batch is read here, if need be.
  Intake take(const std::shared_ptr<ReadBatch>& batch, change::TableCache& tables, WorkSet& set);
  /// What the partition waits for at the barrier, as it was written.
  void note_wait(const store::ProgressRow& row) { mark_.set_state(row.state, row.reason); }
  /// The partition has passed the barrier at which it stood: its row behind it.
  void pass_barrier(const store::ProgressRow& row);

  [[nodiscard]] const store::ProgressRow& row() const { return mark_.row(); }
  [[nodiscard]] bool is_at_barrier() const { return at_barrier_; }
  /// From here on what one record completes of those before it does not go into the work set that takes the record.
  void keep_apart(bool apart) { apart_ = apart; }
  /// A record was kept apart so: release() puts it into the next work set.
  [[nodiscard]] bool owes() const { return owes_; }
  void release(WorkSet& set);
  /// Changes held back for the end of their transaction.
  [[nodiscard]] std::uint64_t held_rows() const { return held_rows_; }

 private:
  Intake take_changes(const std::shared_ptr<ReadBatch>& batch, WorkSet& set);
  Intake take_start(const std::shared_ptr<ReadBatch>& batch, WorkSet& set);
  Intake stop(Intake::Step step, const Admission& admission, WorkSet& set);
  void note_watermark(const change::Watermark& watermark, WorkSet& set);
  void release_complete(WorkSet& set);
  void release_all(WorkSet& set);
  [[nodiscard]] const Gtid& held_gtid() const;
  [[nodiscard]] bool leaves_rest_to(const change::EpochStart& start) const;
  void include(BatchPart part, WorkSet& set);
  void go_on();
  Slice& slice_in(WorkSet& set);

  PartitionTracker tracker_;
  ProgressMark mark_;
  const WholeTransaction whole_;
  std::deque<BatchPart> held_;
  std::uint64_t held_rows_ = 0;
  KafkaOffset next_offset_;
  std::optional<std::vector<change::Doubt>> doubts_;  ///< of the newest watermark; nothing: none was taken yet
  bool at_barrier_ = false;
  bool apart_ = false;
  bool owes_ = false;
  bool is_stopped_ = false;         ///< the state says why, since this intake began
  std::uint64_t slice_serial_ = 0;  ///< of the work set in which slice_ is ours
  std::uint32_t slice_ = 0;
};

}  // namespace farshore::apply
