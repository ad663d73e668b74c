#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "base/gtid.hpp"

namespace farshore::capture {

/// Whose transaction it is that stands in the source's binlog.
enum class ServerRole : std::uint8_t {
  kOwn,      ///< the origin's: published
  kForeign,  ///< known to come by native replication from elsewhere: left out, since the region there publishes it
  kUnknown,  ///< nobody has said: its rows may be neither published nor left out
};

/// Which server plays which role, by the GTIDs. Const after construction.
class ServerRoles {
 public:
  struct Lists {
    std::string identity;          ///< of the captured server: mysql::ServerInfo::uuid
    std::vector<std::string> own;  ///< besides it: server UUIDs (MySQL; a group's name counts as one), ids (MariaDB)
    std::vector<std::string> foreign;  ///< likewise
    /// Likewise, own from the next epoch on: in the one under way they were not listed so, and what came from them was
    /// left out.
    std::vector<std::string> soon_own = {};
  };
  /// An error is one sentence: something listed is not of this kind of server.
  [[nodiscard]] static std::expected<ServerRoles, std::string> make(ServerKind kind, const Lists& lists);

  [[nodiscard]] ServerRole role_of(const Gtid& gtid) const;

 private:
  struct Servers {
    std::vector<std::array<std::uint8_t, 16>> uuids;  ///< MySQL
    std::vector<std::uint32_t> ids;                   ///< MariaDB

    [[nodiscard]] bool add(ServerKind kind, const std::string& name);
    [[nodiscard]] bool contains(const Gtid& gtid) const;
  };
  ServerRoles() = default;

  Servers own_;
  Servers foreign_;
};

}  // namespace farshore::capture
