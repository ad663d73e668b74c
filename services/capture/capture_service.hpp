#pragma once

#include "services/config/config.hpp"
#include "services/process/arguments.hpp"
#include "services/process/service.hpp"

namespace farshore::capture {

/// Captures one origin of this region until asked to stop: session after session, each from the same start. Throws
/// EnvironmentError for what a person has to mend before the first session. Gives the process' exit code.
/// Readiness is of component "capture": ready while capturing or standing by.
int run_capture(const service::Config& config, const service::CaptureArguments& arguments,
                service::ServiceContext& context);

}  // namespace farshore::capture
