#include "services/apply/apply_metrics.hpp"

#include <array>

namespace farshore::apply {
namespace {

struct Sums {
  std::uint64_t assigned = 0;
  std::uint64_t parked = 0;
  std::array<std::uint64_t, store::kPartitionStates> states{};
};

}  // namespace

ApplyMetrics::ApplyMetrics(service::Metrics& metrics, const service::Config& config)
    : metrics_(metrics), shown_(metrics.show({{counts_.metrics}})) {
  counts_.queue_limit_bytes.set(config.apply.workers * config.apply.work_set_bytes);
  for (const std::string& origin : config.apply.origins) {
    for (const auto& [name, settings] : config.streams) (void)stream(origin, name);
  }
}

Counts::Stream& ApplyMetrics::stream(const std::string& origin, const std::string& stream) {
  const MutexLock lock(mutex_);
  const auto [found, is_new] = streams_.try_emplace({origin, stream});
  if (is_new) found->second.shown = metrics_.show({{found->second.counts.metrics, {origin, stream}}});
  return found->second.counts;
}

void ApplyMetrics::set(const std::vector<PartitionStatus>& partitions) {
  std::map<StreamName, Sums> sums;
  for (const PartitionStatus& partition : partitions) {
    Sums& sum = sums[{partition.key.origin, partition.key.stream}];
    sum.assigned += 1;
    sum.parked += partition.parked;
    sum.states[static_cast<std::size_t>(partition.state)] += 1;
  }
  const MutexLock lock(mutex_);
  for (auto& [name, stream] : streams_) {
    const Sums& sum = sums[name];
    stream.counts.assigned.set(sum.assigned);
    stream.counts.parked.set(sum.parked);
    for (std::size_t i = 0; i < sum.states.size(); ++i) {
      stream.counts.states.set(static_cast<store::PartitionState>(i), sum.states[i]);
    }
    stream.counts.holes.set(sum.states[static_cast<std::size_t>(store::PartitionState::kHole)]);
  }
}

}  // namespace farshore::apply
