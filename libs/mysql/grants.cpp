#include "mysql/grants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mysql/literal.hpp"

namespace farshore::mysql {
namespace {

/// CURRENT_USER() is user@host, and a user's name may hold an '@'.
std::string account_literal(std::string_view user_at_host) {
  const auto at = user_at_host.rfind('@');
  if (at == std::string_view::npos) return text_literal(user_at_host);
  return fmt::format("{}@{}", text_literal(user_at_host.substr(0, at)), text_literal(user_at_host.substr(at + 1)));
}

std::vector<std::string> first_column(const Rows& rows) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < rows.size(); ++i) lines.push_back(rows.text(i, 0));
  return lines;
}

}  // namespace

std::expected<Grants, SqlError> Grants::read(Connection& connection) {
  const auto who = connection.query("SELECT CURRENT_USER(), CURRENT_ROLE(), VERSION() LIKE '%MariaDB%'");
  if (!who) return std::unexpected(who.error());
  // MariaDB resolves the active role by itself. MySQL names roles as a list of `name`@`host`, or NONE.
  const std::string& role = who->text(0, 1);
  const bool has_roles = who->text(0, 2) == "0" && !role.empty() && role != "NONE";
  const auto rows = connection.query(has_roles ? "SHOW GRANTS FOR CURRENT_USER() USING " + role : "SHOW GRANTS");
  if (!rows) return std::unexpected(rows.error());
  return Grants(account_literal(who->text(0, 0)), first_column(*rows));
}

bool Grants::has(std::string_view privilege, std::string_view schema) const {
  std::string pattern;  // a grant's schema is a pattern: '_' stands for any character unless it is escaped
  for (const char c : schema) {
    if (c == '_' || c == '%') pattern += '\\';
    pattern += c;
  }
  return has(privilege) || has_on(privilege, fmt::format("`{}`.*", schema)) ||
         has_on(privilege, fmt::format("`{}`.*", pattern));
}

bool Grants::has_on(std::string_view privilege, std::string_view object) const {
  constexpr std::string_view kGrant = "GRANT ";
  const std::string on = fmt::format(" ON {} TO ", object);
  return std::ranges::any_of(lines_, [&](const std::string& line) {
    const auto end = line.find(on);
    if (!line.starts_with(kGrant) || end == std::string::npos) return false;
    const std::string list = fmt::format(", {},", line.substr(kGrant.size(), end - kGrant.size()));
    return list.starts_with(", ALL PRIVILEGES,") || list.contains(fmt::format(", {},", privilege));
  });
}

}  // namespace farshore::mysql
