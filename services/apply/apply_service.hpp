#pragma once

#include "common/arguments.hpp"
#include "common/config.hpp"
#include "common/service.hpp"

namespace farshore::apply {

/// Applies the other origins' changes to this region's database until asked to stop. Throws EnvironmentError for what a
/// person has to mend before the first record. Gives the process' exit code.
/// Readiness: "target" (a session whose progress writes show in the binlog), "kafka", and "partitions" (every assigned
/// one is applying).
int run_apply(const common::Config& config, const common::ApplyArguments& arguments, common::ServiceContext& context);

}  // namespace farshore::apply
