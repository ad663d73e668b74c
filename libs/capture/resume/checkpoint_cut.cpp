#include "capture/resume/checkpoint_cut.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace farshore::capture {

CheckpointCut::CheckpointCut(change::Checkpoint base, std::vector<KafkaOffset> tail_ends,
                             const std::vector<PartitionWriter>& writers, Acknowledgements& acknowledgements,
                             const KeyShapes* shapes, const KnownCascades* cascades,
                             const PreparedTransactions* prepared, const UncheckedChildren* unchecked)
    : tail_ends_(std::move(tail_ends)),
      writers_(writers),
      acknowledgements_(acknowledgements),
      shapes_(shapes),
      cascades_(cascades),
      prepared_(prepared),
      unchecked_(unchecked),
      next_(std::move(base)),
      tail_passed_(writers.size(), 0) {
  FARSHORE_CHECK(next_.partitions.size() == writers_.size() && tail_ends_.size() == writers_.size());
}

void CheckpointCut::open(const SourceHistory& history) {
  acknowledgements_.open_cut();
  if (history.last()) move_to(history);
  if (shapes_ != nullptr && shapes_->count() != next_.known_keys.size()) next_.known_keys = shapes_->known();
  if (cascades_ != nullptr) next_.cascades = cascades_->all();
  if (prepared_ != nullptr) next_.prepared = prepared_->all();
  if (unchecked_ != nullptr) next_.unchecked_children = unchecked_->all();
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    FARSHORE_CHECK(writers_[i].builder().empty());
    next_.partitions[i].next_seq = writers_[i].next_seq();
    tail_passed_[i] = writers_[i].tail_passed() ? 1 : 0;
  }
}

void CheckpointCut::move_to(const SourceHistory& history) {
  if (history.position() != next_.position && history.position().contains(next_.split_until)) {
    next_.split_tables.clear();
    next_.split_until = {};
  }
  next_.position = history.position();
  next_.position_before_last = history.position_before_last();
  next_.last = history.last();
}

std::optional<change::Checkpoint> CheckpointCut::take_covered() {
  if (!acknowledgements_.covered()) return std::nullopt;
  const auto behind = acknowledgements_.close_cut();
  for (std::size_t i = 0; i < writers_.size(); ++i) next_.partitions[i].kafka_offset = tail_from(i, behind[i]);
  return next_;
}

KafkaOffset CheckpointCut::tail_from(std::size_t slot, std::optional<KafkaOffset> behind_cut) const {
  // Until the old tail is read again, parts of it lie beyond the cut and below what was sent since (watermarks).
  if (tail_passed_[slot] == 0) return next_.partitions[slot].kafka_offset;
  return std::max(behind_cut.value_or(KafkaOffset(0)), tail_ends_[slot]);
}

}  // namespace farshore::capture
