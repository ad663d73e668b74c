#pragma once

#include "services/config/config.hpp"

namespace farshore::service {

/// What one key alone cannot show: names that must exist, values that must fit one another. Throws EnvironmentError.
void check_config(const Config& config);

}  // namespace farshore::service
