#include "services/ctl/ctl_database.hpp"

#include <fmt/format.h>

#include "services/config/endpoints.hpp"
#include "services/process/database_error.hpp"

namespace farshore::ctl {

mysql::Connection open_database(const service::Config& config) {
  const DatabaseEndpoint endpoint = service::database_endpoint(config.database, config.database.accounts.ctl);
  mysql::SessionSettings settings;
  settings.program_name = "farshorectl";
  auto connection = mysql::Connection::open(endpoint, settings);
  if (!connection) throw service::database_error("database", endpoint, connection.error());
  return std::move(*connection);
}

void fail_database(const service::Config& config, const mysql::SqlError& error) {
  const DatabaseEndpoint endpoint = service::database_endpoint(config.database, config.database.accounts.ctl);
  const EnvironmentError failure = service::database_error("database", endpoint, error);
  const bool is_locked = error.kind == mysql::SqlErrorKind::kDeadlock || error.kind == mysql::SqlErrorKind::kLockWait;
  if (is_locked) throw LockedOut(failure.what(), failure.code());
  throw failure;
}

void fail_old_schema(const service::Config& config, const mysql::SqlError& error) {
  throw EnvironmentError(
      fmt::format("database: the farshore schema of region {} is of an earlier version ({}); run "
                  "`farshorectl init`.",
                  config.region, error.message));
}

}  // namespace farshore::ctl
