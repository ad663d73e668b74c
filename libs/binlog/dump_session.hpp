#pragma once

#include <expected>

#include "base/endpoint.hpp"
#include "binlog/stream.hpp"

struct st_mysql;

/// The connection below a BinlogStream: libmariadb connects, authenticates and encrypts, and nothing more.
namespace farshore::binlog {

/// Connects and authenticates; the caller closes with mysql_close. Blocks for the connect timeout at most per step.
[[nodiscard]] std::expected<st_mysql*, StreamError> connect_for_dump(const DatabaseEndpoint& source,
                                                                     const StreamOptions& options);

/// The error that `mysql` holds, as ours: of a connection that was made. `waited_in_vain`: the read timeout passed
/// during the failed call.
[[nodiscard]] StreamError dump_error(st_mysql& mysql, bool waited_in_vain = false);

/// Nothing came within the read timeout.
[[nodiscard]] StreamError stalled_error();

}  // namespace farshore::binlog
