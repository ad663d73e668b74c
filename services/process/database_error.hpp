#pragma once

#include <string_view>

#include "base/endpoint.hpp"
#include "base/environment_error.hpp"
#include "mysql/sql_error.hpp"

namespace farshore::service {

/// The sentence for a database that cannot be used: which setting ("database", "origin west"), what the server said,
/// and what to do. Unreachable servers carry kUnreachable as exit code.
[[nodiscard]] EnvironmentError database_error(std::string_view setting, const DatabaseEndpoint& endpoint,
                                              const mysql::SqlError& error);

}  // namespace farshore::service
