#pragma once

#include <string>

namespace farshore::common {

/// docs/metrics.md.
[[nodiscard]] std::string metric_reference();
/// tests/golden/metrics.txt: one line "service name type" for each metric that a service exports, sorted.
[[nodiscard]] std::string metric_golden();

}  // namespace farshore::common
