#include "mysql/server_info.hpp"

#include <charconv>
#include <utility>

#include "mysql/schema.hpp"

namespace farshore::mysql {
namespace {

// "10.11.19-MariaDB-0+deb12u1" -> 101119
std::uint32_t version_number_of(std::string_view version) {
  std::uint32_t parts[3] = {};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (std::uint32_t& part : parts) {
    at = std::from_chars(at, end, part).ptr;
    if (at == end || *at != '.') break;
    ++at;
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

std::uint32_t number_of(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "OFF" and, in later versions of MariaDB, the names of the degrees.
bool is_on(std::string_view value) { return !value.empty() && value != "OFF" && value != "0"; }

}  // namespace

std::string_view ServerInfo::variable(std::string_view name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

std::expected<ServerInfo, SqlError> read_server_info(Connection& connection) {
  const auto rows = connection.query("SHOW GLOBAL VARIABLES");
  if (!rows) return std::unexpected(rows.error());
  ServerInfo info;
  for (std::size_t row = 0; row < rows->size(); ++row)
    info.variables[lower_case(rows->text(row, 0))] = rows->text(row, 1);
  info.version = info.variable("version");
  info.kind = info.version.contains("MariaDB") ? ServerKind::kMariadb : ServerKind::kMysql;
  info.version_number = version_number_of(info.version);
  info.server_id = number_of(info.variable("server_id"));
  info.gtid_domain = number_of(info.variable("gtid_domain_id"));
  info.uuid = info.kind == ServerKind::kMysql ? std::string(info.variable("server_uuid"))
                                              : std::to_string(info.server_id) + ":" + std::to_string(info.gtid_domain);
  info.read_only = is_on(info.variable("read_only")) || is_on(info.variable("super_read_only"));
  return info;
}

std::expected<std::string, SqlError> read_executed_position(Connection& connection, ServerKind kind) {
  const auto rows = connection.query(kind == ServerKind::kMysql ? "SELECT @@GLOBAL.gtid_executed"
                                                                : "SELECT @@GLOBAL.gtid_binlog_pos");
  if (!rows) return std::unexpected(rows.error());
  std::string position = rows->empty() ? std::string() : rows->text(0, 0);
  std::erase_if(position, [](unsigned char c) { return std::isspace(c) != 0; });
  return position;
}

std::expected<std::string, SqlError> read_binlog_filter(Connection& connection, const ServerInfo& server) {
  // MySQL 8.4 renamed the statement; both answer Binlog_Do_DB and Binlog_Ignore_DB.
  const bool renamed = server.kind == ServerKind::kMysql && server.is_at_least(8, 4);
  const auto rows = connection.query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  if (!rows) return std::unexpected(rows.error());
  std::string filter;
  if (rows->empty()) return filter;
  for (const auto& [column, option] :
       {std::pair{"Binlog_Do_DB", "binlog_do_db="}, std::pair{"Binlog_Ignore_DB", "binlog_ignore_db="}}) {
    const auto at = rows->find(column);
    if (!at || rows->text(0, *at).empty()) continue;
    filter += (filter.empty() ? "" : " ") + (option + rows->text(0, *at));
  }
  return filter;
}

std::expected<bool, SqlError> waits_for_replicas(Connection& connection) {
  // Rpl_semi_sync_source_wait_sessions, or _master_ in MariaDB and older plugins; none without the plugin.
  const auto rows = connection.query("SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%\\_wait\\_sessions'");
  if (!rows) return std::unexpected(rows.error());
  for (std::size_t row = 0; row < rows->size(); ++row) {
    if (rows->unsigned_integer(row, 1) > 0) return true;
  }
  return false;
}

}  // namespace farshore::mysql
