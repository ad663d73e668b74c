#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "change/batch_reader.hpp"
#include "store/progress_row.hpp"

/// What a record means to a partition. The rules, with E the epoch (number and incarnation) that the partition is in
/// and N the last seq received:
///
///   another origin, stream or partition          refuse: wrong-origin
///   epoch number 0                                refuse: unreadable-batch
///   epoch number below E's                        drop: a zombie's, or the past read again
///   epoch number of E, other incarnation          refuse: wrong-incarnation
///   epoch number above E's, no epoch start        gap: its start is missing
///   E, changes up to seq <= N                     drop
///   E, changes from seq <= N + 1, up to > N       read: those above N are new
///   E, changes from seq > N + 1                   gap
///   E, watermark naming seq <= N                  read
///   E, watermark naming seq > N                   gap: it says that changes exist which were not received
///   epoch start of E                              drop
///   epoch start above E, continuing E with n      n > N: gap; n < N and numbering changed, or a
///     as this partition's last seq                statement: refuse, numbering-conflict; else barrier
///   epoch start above E, continuing an epoch      gap: the start between is missing
///     above E's
///   epoch start above E, anything else            refuse: wrong-incarnation
///   no epoch yet: start of a first epoch, or      barrier
///     one in which this partition had no change
///   no epoch yet: anything else                   refuse: needs-snapshot
namespace farshore::apply {

using store::PartitionKey;
using store::PartitionState;
using store::ProgressRow;

struct Admission {
  enum class Kind : std::uint8_t {
    kDrop,     ///< nothing new in it
    kRead,     ///< something new: read its value, then take() it
    kBarrier,  ///< the start of an epoch, which is entered when the origin's other partitions are there too
    kGap,      ///< records before it are missing; the same record may be good later
    kRefuse,   ///< the partition may not go past it
  };
  Kind kind = Kind::kDrop;
  PartitionState state = PartitionState::kApplying;  ///< gap, refuse
  std::string reason;                                ///< gap, refuse: for people
};

/// The numbered log of one partition as it arrives: drops what came before, sees what is missing. Pure.
class PartitionTracker {
 public:
  /// `row.epoch` 0: no progress yet.
  explicit PartitionTracker(const ProgressRow& row);

  /// By the header alone. An epoch start and anything else that is not dropped comes out as kRead (or gap, or refuse).
  [[nodiscard]] Admission judge(const change::BatchHeader& header) const;
  /// The second look at an epoch start that judge() let read.
  [[nodiscard]] Admission judge_start(const change::Batch& batch) const;

  struct Taken {
    std::uint32_t first = 0;  ///< index of the first change that is new by its number
    /// By change of the batch: true where the row is contained already, from an epoch before (counted, not applied).
    /// Empty: none is.
    std::vector<bool> contained;
    /// The stored position may hold more than the batch's own.
    bool overlaps = false;
  };
  /// Takes the changes of a batch that judge() let read. An error is a reason to refuse it as unreadable.
  [[nodiscard]] std::expected<Taken, std::string> take(const change::Batch& batch);

  /// The barrier is passed. `position`, `row_gtid`, `row_ordinal`: what the partition contains by now.
  void enter_epoch(const ProgressRow& row);

  [[nodiscard]] EpochId epoch() const { return epoch_; }
  /// The last seq received.
  [[nodiscard]] Seq seq() const { return seq_; }

 private:
  /// What was contained when the epoch was entered (or the row loaded). Needed until the batches are beyond it.
  struct Contained {
    OriginPosition position;
    Gtid row_gtid;
    std::int64_t row_ordinal = -1;
  };
  [[nodiscard]] Admission judge_other_epoch(const change::BatchHeader& header) const;
  void remember_contained(const ProgressRow& row);

  const PartitionKey key_;
  EpochId epoch_;
  Seq seq_;
  std::optional<Contained> contained_;
};

}  // namespace farshore::apply
