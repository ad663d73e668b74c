#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "base/collation.hpp"
#include "base/gtid.hpp"
#include "capture/resume/resume.hpp"
#include "mysql/connection.hpp"

namespace farshore::capture {

/// "end", "earliest", or a GTID position; nothing: it is none of them.
[[nodiscard]] std::optional<StartFrom> parse_start(std::string_view text);

/// Where the source's binlogs begin: gtid_purged (MySQL), the position at the head of the oldest binlog (MariaDB; needs
/// BINLOG MONITOR).
[[nodiscard]] std::expected<OriginPosition, mysql::SqlError> earliest_position(mysql::Connection& connection,
                                                                               ServerKind kind);

}  // namespace farshore::capture
