#include "capture/source/replication_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace farshore::capture {

namespace {

constexpr const char* kMysqlChannels =
    "SELECT c.HOST, c.CHANNEL_NAME, COALESCE(s.SOURCE_UUID, '') "
    "FROM performance_schema.replication_connection_configuration c "
    "LEFT JOIN performance_schema.replication_connection_status s ON s.CHANNEL_NAME = c.CHANNEL_NAME "
    "WHERE c.HOST <> '' AND c.CHANNEL_NAME NOT LIKE 'group_replication%'";

}  // namespace

std::expected<std::vector<Upstream>, mysql::SqlError> read_upstreams(mysql::Connection& connection, ServerKind kind) {
  std::vector<Upstream> upstreams;
  if (kind == ServerKind::kMysql) {
    const auto rows = connection.query(kMysqlChannels);
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i)
      upstreams.push_back(
          {.where = fmt::format("{} (channel '{}')", rows->text(i, 0), rows->text(i, 1)), .server = rows->text(i, 2)});
    return upstreams;
  }
  const auto running = connection.query("SHOW GLOBAL STATUS LIKE 'Slaves_running'");
  if (!running) return std::unexpected(running.error());
  if (!running->empty() && running->text(0, 1) != "0")
    upstreams.push_back({.where = "another server (SHOW ALL SLAVES STATUS names it)", .server = ""});
  return upstreams;
}

CheckResult check_replication(const std::vector<Upstream>& upstreams, const std::vector<std::string>& allowed) {
  const auto is_allowed = [&](const Upstream& upstream) {
    return upstream.server.empty() ? !allowed.empty() : std::ranges::find(allowed, upstream.server) != allowed.end();
  };
  const auto refused = std::ranges::find_if_not(upstreams, is_allowed);
  if (refused == upstreams.end())
    return {.name = "replication",
            .found = upstreams.empty() ? "none" : "from servers that the configuration names",
            .wanted = "none, or from servers that the configuration names",
            .mend = "",
            .severity = CheckResult::Severity::kGood};
  const std::string server = refused->server.empty() ? "its server id or UUID" : refused->server;
  return {
      .name = "replication",
      .found = "from " + refused->where,
      .wanted = "none: a captured source is a primary",
      .mend = fmt::format("end it (STOP REPLICA, RESET REPLICA ALL), or add {} to the origin's foreign_servers (what "
                          "comes from there is left out), or to own_servers (it is published as the origin's own)",
                          server),
      .severity = CheckResult::Severity::kError};
}

std::expected<CheckResult, mysql::SqlError> look_at_replication(mysql::Connection& connection, ServerKind kind,
                                                                const std::vector<std::string>& allowed) {
  const auto upstreams = read_upstreams(connection, kind);
  if (upstreams) return check_replication(*upstreams, allowed);
  if (upstreams.error().kind != mysql::SqlErrorKind::kAccessDenied) return std::unexpected(upstreams.error());
  return CheckResult{.name = "replication",
                     .found = "not shown to capture's account",
                     .wanted = "none: a captured source is a primary",
                     .mend = "GRANT SELECT ON *.* to the account, so that it can be looked at",
                     .severity = CheckResult::Severity::kError};
}

}  // namespace farshore::capture
