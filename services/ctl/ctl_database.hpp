#pragma once

#include "mysql/connection.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

/// A session of farshorectl's own account with the region's database. Throws EnvironmentError.
[[nodiscard]] mysql::Connection open_database(const service::Config& config);

/// The sentence for a statement that failed on it.
[[noreturn]] void fail_database(const service::Config& config, const mysql::SqlError& error);

}  // namespace farshore::ctl
