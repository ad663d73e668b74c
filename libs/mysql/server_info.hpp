#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "base/collation.hpp"
#include "mysql/connection.hpp"

namespace farshore::mysql {

/// What a server says of itself.
struct ServerInfo {
  ServerKind kind = ServerKind::kMysql;
  std::string version;               ///< "10.11.19-MariaDB-..."
  std::uint32_t version_number = 0;  ///< 101119 for 10.11.19
  std::string uuid;                  ///< server_uuid (MySQL); "server_id:gtid_domain_id" (MariaDB)
  std::uint32_t server_id = 0;
  std::uint32_t gtid_domain = 0;                              ///< MariaDB
  bool read_only = false;                                     ///< read_only, or super_read_only
  std::map<std::string, std::string, std::less<>> variables;  ///< every global variable, by its lower-case name

  /// A global variable's value; empty where the server has none of this name.
  [[nodiscard]] std::string_view variable(std::string_view name) const;
  [[nodiscard]] bool is_at_least(std::uint32_t major, std::uint32_t minor, std::uint32_t patch = 0) const {
    return version_number >= major * 10000 + minor * 100 + patch;
  }
};

std::expected<ServerInfo, SqlError> read_server_info(Connection& connection);

/// The end of the server's binlog as a GTID position: gtid_executed (MySQL), gtid_binlog_pos (MariaDB). Whitespace
/// left out.
std::expected<std::string, SqlError> read_executed_position(Connection& connection, ServerKind kind);

/// What the server's binlog leaves out ("binlog_ignore_db=shop"); empty: nothing. Needs the right to see where the
/// binlog ends.
std::expected<std::string, SqlError> read_binlog_filter(Connection& connection, const ServerInfo& server);

/// Whether transactions wait for a semi-synchronous replica now: they are in the binlog, and sent from it, but are not
/// executed before the replica answers (rpl_semi_sync_source_wait_point AFTER_SYNC).
std::expected<bool, SqlError> waits_for_replicas(Connection& connection);

}  // namespace farshore::mysql
