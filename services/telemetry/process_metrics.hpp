#pragma once

#include <string>

#include "services/telemetry/metrics.hpp"

namespace farshore::service {

class Health;

/// What every service exports of itself: version, readiness, processor time, memory. Exported while the returned
/// object lives; `metrics` and `health` must outlive it.
[[nodiscard]] Metrics::Refresh export_process_metrics(Metrics& metrics, const Health& health,
                                                      const std::string& service);

}  // namespace farshore::service
