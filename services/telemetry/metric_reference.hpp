#pragma once

#include <string>

namespace farshore::service {

/// docs/metrics.md.
[[nodiscard]] std::string metric_reference();
/// tests/golden/metrics.txt: a line "name type service,service" for each metric, sorted.
[[nodiscard]] std::string metric_golden();

}  // namespace farshore::service
