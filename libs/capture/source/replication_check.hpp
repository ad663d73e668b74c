#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "capture/source/source_check.hpp"
#include "mysql/connection.hpp"

namespace farshore::capture {

/// A server that the source replicates from.
struct Upstream {
  std::string where;   ///< for people: "10.0.0.7 (channel '')"
  std::string server;  ///< its UUID (MySQL); empty: cannot be asked without more rights (MariaDB, or not connected yet)
};

/// MySQL: every channel that is configured. MariaDB: one entry while any replica thread runs; what is configured and
/// stopped is not shown to capture's account.
[[nodiscard]] std::expected<std::vector<Upstream>, mysql::SqlError> read_upstreams(mysql::Connection& connection,
                                                                                   ServerKind kind);

/// A captured source is a primary. One that replicates is a demoted one, or part of a migration: what comes in that way
/// would reach the other regions twice, and its clock says nothing of the origin. `allowed`: own_servers and
/// foreign_servers of the configuration.
[[nodiscard]] CheckResult check_replication(const std::vector<Upstream>& upstreams,
                                            const std::vector<std::string>& allowed);

/// Both: asks, and judges. What the account may not see is a result too.
[[nodiscard]] std::expected<CheckResult, mysql::SqlError> look_at_replication(mysql::Connection& connection,
                                                                              ServerKind kind,
                                                                              const std::vector<std::string>& allowed);

}  // namespace farshore::capture
