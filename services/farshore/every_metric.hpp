#pragma once

#include <span>

#include "services/telemetry/metric_reference.hpp"

namespace farshore {

/// Every list of metrics of the programs, in the page's order. A new metric stands in one of them; a new struct of
/// counts is named here.
[[nodiscard]] std::span<const service::MetricsOf> every_metric();

}  // namespace farshore
