#include "ctl/ctl_database.hpp"

#include "common/database_error.hpp"
#include "common/endpoints.hpp"

namespace farshore::ctl {

mysql::Connection open_database(const common::Config& config) {
  const DatabaseEndpoint endpoint = common::database_endpoint(config.database, config.database.accounts.ctl);
  mysql::SessionSettings settings;
  settings.program_name = "farshorectl";
  auto connection = mysql::Connection::open(endpoint, settings);
  if (!connection) throw common::database_error("database", endpoint, connection.error());
  return std::move(*connection);
}

void fail_database(const common::Config& config, const mysql::SqlError& error) {
  const DatabaseEndpoint endpoint = common::database_endpoint(config.database, config.database.accounts.ctl);
  throw common::database_error("database", endpoint, error);
}

}  // namespace farshore::ctl
