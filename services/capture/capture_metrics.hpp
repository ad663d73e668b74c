#pragma once

#include <string>

#include "capture/counts.hpp"
#include "services/config/config.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::capture {

/// Makes the streams of `counts`, and shows all of it while what is returned lives.
[[nodiscard]] service::Metrics::Shown show_counts(service::Metrics& metrics, const std::string& origin,
                                                  const service::Config& config, Counts& counts);

}  // namespace farshore::capture
