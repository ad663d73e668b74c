#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "base/collation.hpp"
#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "mysql/connection.hpp"

namespace farshore::capture {

/// One answer of the source to: what time is it, who are you, are you writable, and where does your binlog end?
/// One statement; the time is the statement's beginning, so it is not after the position.
struct SourceReading {
  SourceTime time{};                         ///< by the source's clock
  std::chrono::microseconds clock_offset{};  ///< source's clock minus ours; half the round trip is its error
  std::string identity;                      ///< as mysql::ServerInfo::uuid
  bool read_only = false;
  bool holds_lease = false;  ///< the session that asked holds the lock asked about
  OriginPosition position;   ///< gtid_executed (MySQL), gtid_binlog_pos (MariaDB)
};

/// Asks through `connection`. `lease` is the lock's name. A position that does not parse is an SqlError of kind kOther.
[[nodiscard]] std::expected<SourceReading, mysql::SqlError> read_source(mysql::Connection& connection, ServerKind kind,
                                                                        std::string_view lease);

/// What a server answers to @@GLOBAL.read_only: a number, or from MariaDB 12 a name. What is not plainly off is on.
[[nodiscard]] bool is_read_only(std::string_view answer);

/// "1700000000.123456" to a time; nothing when it is not such a number.
[[nodiscard]] std::optional<SourceTime> parse_unix_time(std::string_view text);

}  // namespace farshore::capture
