#include "services/ctl/ctl_database.hpp"

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
  throw service::database_error("database", endpoint, error);
}

}  // namespace farshore::ctl
