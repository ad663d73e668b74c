#pragma once

#include "common/arguments.hpp"
#include "common/config.hpp"
#include "common/service.hpp"

namespace farshore::capture {

/// Captures one origin of this region until asked to stop: session after session, each from the same start. Throws
/// EnvironmentError for what a person has to mend before the first session. Gives the process' exit code.
/// Readiness is of component "capture": ready while capturing or standing by.
int run_capture(const common::Config& config, const common::CaptureArguments& arguments,
                common::ServiceContext& context);

}  // namespace farshore::capture
