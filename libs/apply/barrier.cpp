#include "apply/barrier.hpp"

#include <algorithm>

namespace farshore::apply {
namespace {

/// At this barrier, and not still at that of an epoch before it.
bool waits_at(const progress::ProgressRow& row, const change::EpochStart& start, const change::PartitionEnd& end) {
  if (row.state != progress::PartitionState::kAtBarrier) return false;
  const bool had_nothing = row.epoch.epoch == Epoch(0) && end.last_seq == Seq(0);
  return had_nothing || row.epoch == start.continues;
}

}  // namespace

bool barrier_is_complete(EpochId id, const change::EpochStart& start, std::span<const progress::ProgressRow> rows,
                         std::string& waiting_for) {
  for (const change::PartitionEnd& end : start.continued) {
    const auto row = std::ranges::find_if(rows, [&](const progress::ProgressRow& candidate) {
      return candidate.key.stream == end.stream && candidate.key.partition == end.partition;
    });
    if (row != rows.end() && (row->epoch.epoch >= id.epoch || waits_at(*row, start, end))) continue;
    waiting_for = end.stream + "/" + std::to_string(end.partition.raw());
    return false;
  }
  return true;
}

}  // namespace farshore::apply
