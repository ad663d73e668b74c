#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"

namespace farshore::mysql {

/// What an account may do, as SHOW GRANTS says it. Plain text is compared: a right given on a single table, or by a
/// pattern of schemas, is not seen.
class Grants {
 public:
  Grants() = default;
  /// `account` as a statement names it: 'farshore_apply'@'%'. `lines` as SHOW GRANTS writes them.
  Grants(std::string account, std::vector<std::string> lines)
      : account_(std::move(account)), lines_(std::move(lines)) {}

  /// Of the session's own account, with its active roles.
  [[nodiscard]] static std::expected<Grants, SqlError> read(Connection& connection);

  [[nodiscard]] const std::string& account() const { return account_; }
  /// "GRANT SELECT, INSERT ON *.* TO ...". `privilege` in capitals, such as "REPLICATION SLAVE".
  [[nodiscard]] bool has(std::string_view privilege) const { return has_on(privilege, "*.*"); }
  /// On *.* or on `schema`.*.
  [[nodiscard]] bool has(std::string_view privilege, std::string_view schema) const;

 private:
  [[nodiscard]] bool has_on(std::string_view privilege, std::string_view object) const;

  std::string account_;
  std::vector<std::string> lines_;
};

}  // namespace farshore::mysql
