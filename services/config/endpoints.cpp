#include "services/config/endpoints.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "base/environment_error.hpp"
#include "services/config/config_units.hpp"

namespace farshore::service {
namespace {

DatabaseEndpoint endpoint(const Address& address, const std::string& socket, const TlsSettings& tls,
                          const AccountConfig& account) {
  DatabaseEndpoint out;
  if (!address.empty()) {
    out.host = address.host;
    out.port = address.port;
  }
  out.socket = socket;
  out.tls = tls;
  out.user = account.user;
  out.password = read_password(account);  // also of a file, so that one that is not there is told at the start
  out.password_file = account.password_file;
  return out;
}

}  // namespace

std::string read_password(const AccountConfig& account) {
  if (!account.password_env.empty()) {
    // Read before the service has threads of its own that could change the environment; none does.
    const char* found = std::getenv(account.password_env.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (found == nullptr) {
      throw EnvironmentError(
          fmt::format("The environment variable {} (password_env of account {}) is not set; set it "
                      "to the account's password.",
                      account.password_env, account.user));
    }
    return found;
  }
  DatabaseEndpoint login;
  login.user = account.user;
  login.password_file = account.password_file;
  auto password = current_password(login);
  if (!password) throw EnvironmentError(password.error() + ".");
  return std::move(*password);
}

DatabaseEndpoint database_endpoint(const DatabaseConfig& database, const AccountConfig& account) {
  return endpoint(database.address, database.socket, database.tls, account);
}

DatabaseEndpoint origin_endpoint(const OriginConfig& origin) {
  if (origin.address.empty() && origin.socket.empty()) {
    throw EnvironmentError(
        fmt::format("The origin \"{}\" has neither address nor socket in the configuration; say "
                    "where its primary listens.",
                    origin.name));
  }
  return endpoint(origin.address, origin.socket, origin.tls, origin.account);
}

std::vector<DatabaseEndpoint> replica_endpoints(const OriginConfig& origin) {
  std::vector<DatabaseEndpoint> endpoints;
  for (const std::string& replica : origin.replicas)
    if (const auto address = parse_address(replica))
      endpoints.push_back(endpoint(*address, "", origin.tls, origin.account));
  return endpoints;
}

}  // namespace farshore::service
