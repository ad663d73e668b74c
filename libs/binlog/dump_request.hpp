#pragma once

#include <expected>
#include <string>

#include "base/collation.hpp"
#include "base/gtid.hpp"
#include "binlog/stream.hpp"

struct st_mysql;

namespace farshore::binlog {

/// Prepares the session and sends the command that begins the dump of everything beyond `start`. Events follow.
[[nodiscard]] std::expected<void, StreamError> request_dump(st_mysql* mysql, ServerKind kind,
                                                            const OriginPosition& start, const StreamOptions& options);

/// A MySQL GTID set as COM_BINLOG_DUMP_GTID takes it: count (8), then for each UUID the UUID (16), a count (8), and
/// intervals as first and last + 1 (8 each).
[[nodiscard]] std::string encode_gtid_set(const OriginPosition& position);

}  // namespace farshore::binlog
