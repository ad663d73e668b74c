#pragma once

#include <optional>
#include <vector>

#include "base/numbers.hpp"
#include "capture/publish/acknowledgements.hpp"
#include "capture/publish/key_shapes.hpp"
#include "capture/publish/partition_writer.hpp"
#include "capture/publish/prepared_transactions.hpp"
#include "capture/source/known_cascades.hpp"
#include "capture/source/source_history.hpp"
#include "capture/source/unchecked_children.hpp"
#include "change/checkpoint.hpp"

namespace farshore::capture {

/// Makes checkpoints. A cut is taken between two transactions, when everything numbered so far is sent; it becomes a
/// checkpoint once all of that is acknowledged, while reading goes on. So a checkpoint never names a position that
/// Kafka does not hold. One thread.
class CheckpointCut {
 public:
  /// `base`: epoch, numbering, source and partitions of this session's beginning. `tail_ends`: by slot, where each
  /// partition ended then. The others outlive this; `shapes`, `cascades`, `prepared` and `unchecked` may be null.
  CheckpointCut(change::Checkpoint base, std::vector<KafkaOffset> tail_ends,
                const std::vector<PartitionWriter>& writers, Acknowledgements& acknowledgements,
                const KeyShapes* shapes, const KnownCascades* cascades = nullptr,
                const PreparedTransactions* prepared = nullptr, const UncheckedChildren* unchecked = nullptr);

  /// Takes a cut. Only between transactions, with nothing unsent and no cut open. Before the session's first
  /// transaction it has the base's position. Inside a transaction it is what an epoch begins from: the position is
  /// before the transaction, and the seqs count what was numbered of it.
  void open(const SourceHistory& history);
  [[nodiscard]] bool is_open() const { return acknowledgements_.cut_is_open(); }
  /// The cut as a checkpoint, once it is acknowledged.
  [[nodiscard]] std::optional<change::Checkpoint> take_covered();

 private:
  void move_to(const SourceHistory& history);
  [[nodiscard]] KafkaOffset tail_from(std::size_t slot, std::optional<KafkaOffset> behind_cut) const;

  const std::vector<KafkaOffset> tail_ends_;
  const std::vector<PartitionWriter>& writers_;
  Acknowledgements& acknowledgements_;
  const KeyShapes* const shapes_;
  const KnownCascades* const cascades_;
  const PreparedTransactions* const prepared_;
  const UncheckedChildren* const unchecked_;
  change::Checkpoint next_;        ///< the last checkpoint, or the open cut
  std::vector<char> tail_passed_;  ///< by slot, when the cut was taken
};

}  // namespace farshore::capture
