#pragma once

#include <string>

#include "capture/session.hpp"
#include "common/arguments.hpp"
#include "common/config.hpp"

namespace farshore::capture {

/// The origin that this process captures: the one that was asked for, or the region's only one. Throws
/// EnvironmentError.
[[nodiscard]] const common::OriginConfig& choose_origin(const common::Config& config,
                                                        const common::CaptureArguments& arguments);

/// What a session needs of the configuration. Throws EnvironmentError.
[[nodiscard]] SessionSettings session_settings(const common::Config& config, const common::CaptureArguments& arguments);

}  // namespace farshore::capture
