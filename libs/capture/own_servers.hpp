#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "base/gtid.hpp"

namespace farshore::capture {

/// The servers whose transactions are the origin's own: the captured one, and those that the configuration lists (the
/// primaries before it, after a failover). Whatever else is in the binlog came by native replication from elsewhere and
/// is not published: the region that it came from publishes it. Const after construction.
class OwnServers {
 public:
  /// `identity`: mysql::ServerInfo::uuid of the captured server. `listed`: server UUIDs (MySQL), server ids (MariaDB).
  /// An error is one sentence: something listed is not of this kind of server.
  [[nodiscard]] static std::expected<OwnServers, std::string> make(ServerKind kind, const std::string& identity,
                                                                   const std::vector<std::string>& listed);

  [[nodiscard]] bool contains(const Gtid& gtid) const;

 private:
  OwnServers() = default;

  std::vector<std::array<std::uint8_t, 16>> uuids_;  ///< MySQL
  std::vector<std::uint32_t> server_ids_;            ///< MariaDB
};

}  // namespace farshore::capture
