#pragma once

#include <cstdint>
#include <string>

namespace farshore::mysql {

/// What a failed statement means to the caller. Decided by the error's code alone, never by its SQLSTATE.
enum class SqlErrorKind : std::uint8_t {
  kConnectionLost,  ///< the session is gone; the outcome of a COMMIT under way is unknown
  kUnreachable,     ///< no session could be opened: the server is down, or has no room for it
  kAccessDenied,    ///< the account, or a grant of it
  kTls,             ///< encryption was asked for and could not be had
  kDeadlock,        ///< the whole transaction is rolled back; retry it all
  kLockWait,        ///< the statement is rolled back; roll back the transaction, then retry
  kReadOnly,        ///< the server takes no writes now
  kDiskFull,        ///< the server has no room now
  kPacketTooLarge,  ///< the statement is above max_allowed_packet
  kMissingTable,    ///< table or schema
  kMissingColumn,   ///< the statement's columns are not the table's
  kDuplicate,       ///< a unique key holds the value already
  kTooNarrow,       ///< the value does not fit the column
  kRefused,         ///< another reason that lies in the row: a foreign key, a check, NULL, a bad value
  kOther,
};

/// Whether the same statement may succeed later without anyone touching the row or the schema.
[[nodiscard]] bool is_transient(SqlErrorKind kind);

struct SqlError {
  SqlErrorKind kind = SqlErrorKind::kOther;
  int code = 0;  ///< the server's or the client library's error number; 0: none
  std::string sqlstate;
  std::string message;  ///< the server's words, without values of rows: see without_values()

  /// Nothing was refused: what the server answered is not understood.
  [[nodiscard]] bool is_not_understood() const { return kind == SqlErrorKind::kOther && code == 0; }
  /// "1213 Deadlock found ...", for people.
  [[nodiscard]] std::string to_string() const;
};

[[nodiscard]] SqlErrorKind kind_of_error_code(int code);

}  // namespace farshore::mysql
