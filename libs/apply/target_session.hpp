#pragma once

#include <expected>
#include <string>

#include "base/endpoint.hpp"
#include "mysql/connection.hpp"
#include "mysql/grants.hpp"

namespace farshore::apply {

/// What a session with the target database found out when it opened.
struct TargetSession {
  mysql::Connection connection;
  /// As the account's were before it logged in: what is granted later the session may not have.
  mysql::Grants granted_before;
  /// Empty: progress writes show in the binlog (or the server keeps none). Else why not.
  std::string marker_fault;
};

/// Opens a session for apply: transactions begin by themselves, foreign keys are not checked, a session that falls
/// silent is ended by the server within seconds. Asks for the account's rights over another one, before. Then writes
/// the self-test row of `instance` (what stands before a '/') and looks for it in the binlog.
[[nodiscard]] std::expected<TargetSession, mysql::SqlError> open_target_session(const DatabaseEndpoint& endpoint,
                                                                                const std::string& region,
                                                                                const std::string& instance);

/// The marker test by itself: whether a transaction that begins with a progress write shows as one.
[[nodiscard]] std::expected<std::string, mysql::SqlError> find_marker_fault(mysql::Connection& connection,
                                                                            const std::string& region,
                                                                            const std::string& instance);

}  // namespace farshore::apply
