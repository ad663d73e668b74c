#pragma once

#include "services/config/config.hpp"
#include "services/process/arguments.hpp"
#include "services/process/service.hpp"

namespace farshore::gate {

/// Reads the region's progress again and again and answers GET /v1/gate until `context.stop`. Returns the exit code.
/// Throws EnvironmentError when the database refuses the gate's account at the first try; every other failure of the
/// database closes the gate and is tried again.
int run_gate(const service::Config& config, const service::GateArguments& arguments, service::ServiceContext& context);

}  // namespace farshore::gate
