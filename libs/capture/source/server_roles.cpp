#include "capture/source/server_roles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace farshore::capture {

bool ServerRoles::Servers::add(ServerKind kind, const std::string& name) {
  if (kind == ServerKind::kMysql) {
    const auto gtid = Gtid::parse(name + ":1");
    if (!gtid || gtid->kind != kind) return false;
    uuids.push_back(gtid->uuid);
    return true;
  }
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return false;
  ids.push_back(id);
  return true;
}

bool ServerRoles::Servers::contains(const Gtid& gtid) const {
  if (gtid.kind == ServerKind::kMysql) return std::ranges::find(uuids, gtid.uuid) != uuids.end();
  return std::ranges::find(ids, gtid.server_id) != ids.end();
}

std::expected<ServerRoles, std::string> ServerRoles::make(ServerKind kind, const Lists& lists) {
  ServerRoles made;
  const std::string self =
      kind == ServerKind::kMysql ? lists.identity : lists.identity.substr(0, lists.identity.find(':'));
  if (!made.own_.add(kind, self))
    return std::unexpected(fmt::format("the source's identity is not understood: '{}'", lists.identity));
  const auto add = [&](const char* list, const std::vector<std::string>& names,
                       Servers& servers) -> std::expected<void, std::string> {
    const auto wrong =
        std::ranges::find_if_not(names, [&](const std::string& name) { return servers.add(kind, name); });
    if (wrong == names.end()) return {};
    return std::unexpected(fmt::format(
        "{} of the origin has \"{}\", and the source is a {}: list {}", list, *wrong,
        kind == ServerKind::kMysql ? "MySQL" : "MariaDB",
        kind == ServerKind::kMysql ? "server UUIDs (SELECT @@server_uuid)" : "server ids (SELECT @@server_id)"));
  };
  if (auto added = add("own_servers", lists.own, made.own_); !added) return std::unexpected(added.error());
  if (auto added = add("foreign_servers", lists.foreign, made.foreign_); !added) return std::unexpected(added.error());
  if (auto added = add("own_servers", lists.soon_own, made.foreign_); !added) return std::unexpected(added.error());
  return made;
}

ServerRole ServerRoles::role_of(const Gtid& gtid) const {
  if (own_.contains(gtid)) return ServerRole::kOwn;
  return foreign_.contains(gtid) ? ServerRole::kForeign : ServerRole::kUnknown;
}

}  // namespace farshore::capture
