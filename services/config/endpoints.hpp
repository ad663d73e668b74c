#pragma once

#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "services/config/config.hpp"

namespace farshore::service {

/// The account's password: the content of its file without a last newline, or its environment variable, or empty when
/// neither is given. Throws EnvironmentError when the named file or variable is not there.
[[nodiscard]] std::string read_password(const AccountConfig& account);

/// How to reach the region's own database with one of its accounts. A password file is read again at each connection.
[[nodiscard]] DatabaseEndpoint database_endpoint(const DatabaseConfig& database, const AccountConfig& account);

/// How capture reaches an origin. Throws EnvironmentError when the origin has neither address nor socket.
[[nodiscard]] DatabaseEndpoint origin_endpoint(const OriginConfig& origin);

/// How capture reaches the replicas of an origin that it names: as the origin, at their addresses.
[[nodiscard]] std::vector<DatabaseEndpoint> replica_endpoints(const OriginConfig& origin);

}  // namespace farshore::service
