#pragma once

#include "services/config/config.hpp"
#include "services/process/arguments.hpp"
#include "services/process/service.hpp"

namespace farshore::apply {

/// Applies the other origins' changes to this region's database until asked to stop. Throws EnvironmentError for what a
/// person has to mend before the first record. Gives the process' exit code.
/// Readiness: "target" (a session whose progress writes show in the binlog), "kafka", and "partitions" (every assigned
/// one is applying).
int run_apply(const service::Config& config, const service::ApplyArguments& arguments,
              service::ServiceContext& context);

}  // namespace farshore::apply
