#pragma once

#include "common/arguments.hpp"
#include "common/config.hpp"
#include "common/service.hpp"

namespace farshore::gate {

/// Reads the region's progress again and again and answers GET /v1/gate until `context.stop`. Returns the exit code.
/// Throws EnvironmentError when the database refuses the gate's account at the first try; every other failure of the
/// database closes the gate and is tried again.
int run_gate(const common::Config& config, const common::GateArguments& arguments, common::ServiceContext& context);

}  // namespace farshore::gate
