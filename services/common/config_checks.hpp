#pragma once

#include "common/config.hpp"

namespace farshore::common {

/// What one key alone cannot show: names that must exist, values that must fit one another. Throws EnvironmentError.
void check_config(const Config& config);

}  // namespace farshore::common
