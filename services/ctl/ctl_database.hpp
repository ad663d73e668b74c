#pragma once

#include "base/environment_error.hpp"
#include "mysql/connection.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

/// A session of farshorectl's own account with the region's database. Throws EnvironmentError.
[[nodiscard]] mysql::Connection open_database(const service::Config& config);

/// A deadlock, or a lock that was waited for in vain: the transaction may be tried again.
class LockedOut : public EnvironmentError {
 public:
  using EnvironmentError::EnvironmentError;
};

/// The sentence for a statement that failed on it. Throws EnvironmentError, of a lock LockedOut.
[[noreturn]] void fail_database(const service::Config& config, const mysql::SqlError& error);
/// The sentence for a table of the farshore schema that is not there. Throws EnvironmentError.
[[noreturn]] void fail_old_schema(const service::Config& config, const mysql::SqlError& error);

}  // namespace farshore::ctl
