#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mysql/connection.hpp"
#include "services/config/config.hpp"
#include "store/equality.hpp"

namespace farshore::ctl {

/// Says each of `rows` in the region's database, in one transaction, and gives them their ids. `begun`: the comparisons
/// that a declaration is of. Throws EnvironmentError, with kDifferences where a declaration is refused: then nothing is
/// written.
void say_equality(const service::Config& config, mysql::Connection& connection, std::vector<store::EqualityRow>& rows,
                  const std::vector<std::uint64_t>& begun);

}  // namespace farshore::ctl
