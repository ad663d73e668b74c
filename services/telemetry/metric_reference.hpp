#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/metric.hpp"

namespace farshore::service {

/// A list of metrics, and who exports it.
struct MetricsOf {
  std::string_view section;   ///< of the page
  std::string_view services;  ///< "capture,apply"
  const MetricList& list;
};

/// docs/metrics.md. Those of one section stand together.
[[nodiscard]] std::string metric_reference(std::span<const MetricsOf> all);
/// tests/golden/metrics.txt: a line "name type service,service" for each metric, sorted.
[[nodiscard]] std::string metric_names(std::span<const MetricsOf> all);

}  // namespace farshore::service
