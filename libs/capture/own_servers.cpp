#include "capture/own_servers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace farshore::capture {

namespace {

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::expected<OwnServers, std::string> OwnServers::make(ServerKind kind, const std::string& identity,
                                                        const std::vector<std::string>& listed) {
  OwnServers made;
  const auto add = [&](const std::string& server) {
    if (kind == ServerKind::kMysql) {
      const auto gtid = Gtid::parse(server + ":1");
      if (!gtid || gtid->kind != kind) return false;
      made.uuids_.push_back(gtid->uuid);
      return true;
    }
    const auto id = number(server);
    if (id) made.server_ids_.push_back(*id);
    return id.has_value();
  };
  const std::string self = kind == ServerKind::kMysql ? identity : identity.substr(0, identity.find(':'));
  if (!add(self)) return std::unexpected(fmt::format("the source's identity is not understood: '{}'", identity));
  for (const std::string& server : listed) {
    if (add(server)) continue;
    return std::unexpected(fmt::format(
        "own_servers of the origin has \"{}\", and the source is a {}: list {}", server,
        kind == ServerKind::kMysql ? "MySQL" : "MariaDB",
        kind == ServerKind::kMysql ? "server UUIDs (SELECT @@server_uuid)" : "server ids (SELECT @@server_id)"));
  }
  return made;
}

bool OwnServers::contains(const Gtid& gtid) const {
  if (gtid.kind == ServerKind::kMysql) return std::ranges::find(uuids_, gtid.uuid) != uuids_.end();
  return std::ranges::find(server_ids_, gtid.server_id) != server_ids_.end();
}

}  // namespace farshore::capture
