#include "services/process/database_error.hpp"

#include <fmt/format.h>

namespace farshore::service {
namespace {

using mysql::SqlErrorKind;

std::string_view what_to_do(SqlErrorKind kind) {
  switch (kind) {
    case SqlErrorKind::kUnreachable:
    case SqlErrorKind::kConnectionLost: return "start the server, or correct its address";
    case SqlErrorKind::kAccessDenied:
      return "check the account's name, password and host, and its grants (docs/operating/grants.md)";
    case SqlErrorKind::kTls: return "give the server a certificate that tls.ca signs, or change tls.mode";
    case SqlErrorKind::kMissingTable:
    case SqlErrorKind::kMissingColumn: return "create the farshore schema with farshorectl init";
    case SqlErrorKind::kReadOnly: return "make the server writable, or name another one";
    case SqlErrorKind::kDiskFull: return "make room on the server";
    case SqlErrorKind::kPacketTooLarge: return "raise max_allowed_packet at the server";
    case SqlErrorKind::kDeadlock: return "try again";
    case SqlErrorKind::kLockWait: return "end the statement, transaction or backup that holds the lock, or wait for it";
    case SqlErrorKind::kDuplicate:
    case SqlErrorKind::kTooNarrow:
    case SqlErrorKind::kRefused:
    case SqlErrorKind::kOther: return "see the server's own log for more";
  }
  return "see the server's own log for more";
}

}  // namespace

EnvironmentError database_error(std::string_view setting, const DatabaseEndpoint& endpoint,
                                const mysql::SqlError& error) {
  const bool is_away = error.kind == SqlErrorKind::kUnreachable || error.kind == SqlErrorKind::kConnectionLost;
  return EnvironmentError(fmt::format("{} ({}): the server says: {}; {}.", setting, endpoint.to_string(),
                                      error.to_string(), what_to_do(error.kind)),
                          is_away ? ExitCode::kUnreachable : ExitCode::kError);
}

}  // namespace farshore::service
