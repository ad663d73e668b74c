#include "apply/barrier.hpp"

#include <algorithm>

namespace farshore::apply {

bool barrier_is_complete(EpochId id, const change::EpochStart& start, std::span<const progress::ProgressRow> rows,
                         std::string& waiting_for) {
  for (const change::PartitionEnd& end : start.continued) {
    const auto row = std::ranges::find_if(rows, [&](const progress::ProgressRow& candidate) {
      return candidate.key.stream == end.stream && candidate.key.partition == end.partition;
    });
    const bool is_there =
        row != rows.end() && (row->epoch.epoch >= id.epoch || row->state == progress::PartitionState::kAtBarrier);
    if (is_there) continue;
    waiting_for = end.stream + "/" + std::to_string(end.partition.raw());
    return false;
  }
  return true;
}

}  // namespace farshore::apply
