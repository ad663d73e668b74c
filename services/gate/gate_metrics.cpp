#include "services/gate/gate_metrics.hpp"

#include <algorithm>
#include <array>

namespace farshore::gate {
namespace {

namespace metric = service::metric;

void export_reasons(service::Metrics& metrics, const StreamVerdict& verdict) {
  std::array<double, kReasonCount> partitions{};
  for (const ClosedBy& closed : verdict.reasons) {
    const std::size_t named = closed.partitions.empty() ? verdict.partitions : closed.partitions.size();
    partitions.at(static_cast<std::size_t>(closed.reason)) = static_cast<double>(std::max<std::size_t>(1, named));
  }
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    metrics.gauge(metric::kGateReason, {verdict.origin, verdict.stream, to_string(static_cast<Reason>(i))})
        .set(partitions.at(i));
  }
}

}  // namespace

void export_assessment(service::Metrics& metrics, const Assessment& assessment) {
  using Seconds = std::chrono::duration<double>;
  if (assessment.evidence_age) {
    metrics.gauge(metric::kGateEvidenceAge, {}).set(Seconds(*assessment.evidence_age).count());
  }
  for (const StreamVerdict& verdict : assessment.streams) {
    const SourceTime safe_time = verdict.safe_time.value_or(SourceTime{});
    metrics.gauge(metric::kSafeTime, {verdict.origin, verdict.stream})
        .set(Seconds(safe_time.time_since_epoch()).count());
    metrics.gauge(metric::kSafeTimeAge, {verdict.origin, verdict.stream})
        .set(Seconds(verdict.age.value_or(assessment.at - safe_time)).count());
    metrics.gauge(metric::kGateOpen, {verdict.origin, verdict.stream}).set(verdict.open ? 1 : 0);
    metrics.gauge(metric::kGateParked, {verdict.origin, verdict.stream}).set(static_cast<double>(verdict.parked));
    metrics.gauge(metric::kGateConflicts, {verdict.origin, verdict.stream}).set(static_cast<double>(verdict.conflicts));
    export_reasons(metrics, verdict);
  }
}

}  // namespace farshore::gate
