#include "services/gate/gate_metrics.hpp"

#include <algorithm>
#include <array>

namespace farshore::gate {

void GateMetrics::set(const Assessment& assessment) {
  if (assessment.evidence_age) counts_.evidence_age.set(*assessment.evidence_age);
  for (const StreamVerdict& verdict : assessment.streams) {
    const auto [stream, is_new] = streams_.try_emplace({verdict.origin, verdict.stream});
    set(stream->second.counts, verdict, assessment);
    if (is_new) {
      stream->second.shown = metrics_.show({{stream->second.counts.metrics, {verdict.origin, verdict.stream}}});
    }
  }
}

void GateMetrics::set(Counts::Stream& counts, const StreamVerdict& verdict, const Assessment& assessment) {
  const SourceTime safe_time = verdict.safe_time.value_or(SourceTime{});
  counts.safe_time.set(safe_time);
  counts.safe_time_age.set(verdict.age.value_or(assessment.at - safe_time));
  counts.comparison_age.set(verdict.comparison_age.value_or(assessment.at.time_since_epoch()));
  counts.open.set(verdict.open ? 1 : 0);
  counts.parked.set(verdict.parked);
  counts.conflicts.set(verdict.conflicts);
  std::array<std::size_t, kReasonCount> partitions{};
  for (const ClosedBy& closed : verdict.reasons) {
    const std::size_t named = closed.partitions.empty() ? verdict.partitions : closed.partitions.size();
    partitions.at(static_cast<std::size_t>(closed.reason)) = std::max<std::size_t>(1, named);
  }
  for (std::size_t i = 0; i < kReasonCount; ++i) counts.reasons.set(static_cast<Reason>(i), partitions.at(i));
}

}  // namespace farshore::gate
