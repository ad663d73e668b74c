#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mysql/connection.hpp"
#include "services/config/config.hpp"

/// What commands share that write down an operator's decision in the region's database.
namespace farshore::ctl {

/// Who gives the command, for the record: "user@host".
[[nodiscard]] std::string operator_name();

[[nodiscard]] bool is_applied(const service::Config& config, std::string_view origin);
/// --origin as apply's part of the configuration knows it. Throws EnvironmentError.
void require_applied_origin(const service::Config& config, const std::string& origin);

/// The server ends the session of a command that is stopped or cut off after 30 s, and with it its locks, for which
/// apply waits. Throws EnvironmentError.
void end_when_cut_off(mysql::Connection& connection, const service::Config& config);

/// One transaction that shows as Farshore's own: its first write is the marker, so that nothing of it is ever captured.
/// `write` writes the rest of it. Where a lock is in the way, as of two who say a stream's first word at once, all of
/// it is done again, a few times. Throws what `write` throws, and EnvironmentError when the database refuses: then
/// nothing is written.
void write_marked(mysql::Connection& connection, const service::Config& config, const std::function<void()>& write);

}  // namespace farshore::ctl
