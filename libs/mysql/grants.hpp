#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"

namespace farshore::mysql {

/// What an account may do, as SHOW GRANTS says it. A right that is given on columns is not seen.
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
  /// On this table by itself: with all of its columns, and not with some of them.
  [[nodiscard]] bool has(std::string_view privilege, std::string_view schema, std::string_view table) const;
  /// Something is granted on single tables of the schema, which has() does not see.
  [[nodiscard]] bool has_of_tables(std::string_view schema) const;

 private:
  struct Line {
    std::vector<std::string> privileges;
    std::string schema;  ///< "*", or a pattern as LIKE takes it
    bool revoked = false;
  };
  struct TableLine {
    std::vector<std::string> privileges;  ///< those on columns with their names, in parentheses
    std::string schema;
    std::string table;
  };
  [[nodiscard]] static std::optional<Line> parse(std::string_view text);
  [[nodiscard]] static std::optional<TableLine> parse_of_table(std::string_view text);
  [[nodiscard]] static bool names(const std::vector<std::string>& privileges, std::string_view privilege);
  [[nodiscard]] bool any(std::string_view privilege, bool revoked, std::string_view schema) const;

  std::string account_;
  std::vector<Line> lines_;
  std::vector<TableLine> table_lines_;
};

}  // namespace farshore::mysql
