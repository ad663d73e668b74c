#pragma once

#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"

namespace farshore::mysql {

/// What an account may do, as SHOW GRANTS says it. A right that is given on a single table, or on columns, is not seen.
class Grants {
 public:
  Grants() = default;
  /// `account` as a statement names it: 'farshore_apply'@'%'. `lines` as SHOW GRANTS writes them.
  Grants(std::string account, const std::vector<std::string>& lines);

  /// Of the session's own account, with its active roles.
  [[nodiscard]] static std::expected<Grants, SqlError> read(Connection& connection);

  [[nodiscard]] const std::string& account() const { return account_; }
  /// "GRANT SELECT, INSERT ON *.* TO ...", and revoked of no schema but the server's own. `privilege` in capitals, such
  /// as "REPLICATION SLAVE".
  [[nodiscard]] bool has(std::string_view privilege) const;
  /// On *.* (and not revoked of this schema, as MySQL's partial revokes are), on `schema`.*, or by a pattern of
  /// schemas.
  [[nodiscard]] bool has(std::string_view privilege, std::string_view schema) const;
  /// Something is granted on single tables of the schema, which has() does not see.
  [[nodiscard]] bool has_of_tables(std::string_view schema) const { return table_schemas_.contains(schema); }

 private:
  struct Line {
    std::vector<std::string> privileges;
    std::string schema;  ///< "*", or a pattern as LIKE takes it
    bool revoked = false;
  };
  [[nodiscard]] static std::optional<Line> parse(std::string_view text);
  [[nodiscard]] static bool names(const Line& line, std::string_view privilege);
  [[nodiscard]] bool any(std::string_view privilege, bool revoked, std::string_view schema) const;

  std::string account_;
  std::vector<Line> lines_;
  std::set<std::string, std::less<>> table_schemas_;
};

}  // namespace farshore::mysql
