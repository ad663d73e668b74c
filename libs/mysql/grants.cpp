#include "mysql/grants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/own_schemas.hpp"
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

/// As the servers match a schema with a grant's pattern: '_' is any character, '%' any text, '\\' escapes.
bool is_like(std::string_view text, std::string_view pattern) {
  while (!pattern.empty()) {
    if (pattern[0] == '%') {
      pattern.remove_prefix(1);
      for (std::size_t i = 0; i <= text.size(); ++i)
        if (is_like(text.substr(i), pattern)) return true;
      return false;
    }
    if (text.empty()) return false;
    const bool any = pattern[0] == '_';
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    if (!any && pattern[0] != text[0]) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  return text.empty();
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

Grants::Grants(std::string account, const std::vector<std::string>& lines) : account_(std::move(account)) {
  for (const std::string& text : lines) {
    if (auto line = parse(text)) {
      lines_.push_back(std::move(*line));
    } else if (auto of_table = parse_of_table(text)) {
      table_lines_.push_back(std::move(*of_table));
    }
  }
}

// GRANT SELECT, INSERT ON `shop`.* TO `a`@`%` (MySQL's partial revokes: REVOKE INSERT ON `mysql`.* FROM `a`@`%`).
// Nothing: of a table, a routine, a role, columns.
std::optional<Grants::Line> Grants::parse(std::string_view text) {
  Line line;
  line.revoked = text.starts_with("REVOKE ");
  if (!line.revoked && !text.starts_with("GRANT ")) return std::nullopt;
  text.remove_prefix(line.revoked ? 7 : 6);
  const auto on = text.find(" ON ");
  const auto end = on == std::string_view::npos ? on : text.find(line.revoked ? ".* FROM " : ".* TO ", on);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view schema = text.substr(on + 4, end - on - 4);
  if (schema != "*") {
    if (schema.size() < 2 || !schema.starts_with('`') || !schema.ends_with('`')) return std::nullopt;
    schema = schema.substr(1, schema.size() - 2);
  }
  for (std::size_t i = 0; i < schema.size(); ++i) {
    line.schema.push_back(schema[i]);
    if (schema.substr(i).starts_with("``")) ++i;
  }
  for (std::string_view list = text.substr(0, on); !list.empty();) {
    const auto comma = list.find(", ");
    line.privileges.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
  }
  return line;
}

// GRANT SELECT, INSERT (`id`, `a`) ON `shop`.`orders` TO `a`@`%`: a comma may stand in a list of columns, and any
// character in a name.
std::optional<Grants::TableLine> Grants::parse_of_table(std::string_view text) {
  constexpr std::string_view kGrant = "GRANT ";
  if (!text.starts_with(kGrant)) return std::nullopt;
  text.remove_prefix(kGrant.size());
  TableLine line;
  bool is_name = false;
  int depth = 0;
  std::size_t from = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '`') is_name = !is_name;
    if (is_name) continue;
    if (text[at] == '(') ++depth;
    if (text[at] == ')') --depth;
    const bool is_end = text.substr(at).starts_with(" ON `");
    if (depth > 0 || (text[at] != ',' && !is_end)) continue;
    line.privileges.emplace_back(text.substr(from, at - from));
    from = at + 2;
    if (is_end) break;
  }
  if (at == text.size()) return std::nullopt;
  text.remove_prefix(at + 4);
  const auto take_name = [&](std::string& name) {
    if (!text.starts_with('`')) return false;
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (text[i] == '`' && !text.substr(i).starts_with("``")) {
        text.remove_prefix(i + 1);
        return true;
      }
      if (text[i] == '`') ++i;
      name.push_back(text[i]);
    }
    return false;
  };
  if (!take_name(line.schema) || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_name(line.table)) return std::nullopt;
  return line;
}

bool Grants::names(const std::vector<std::string>& privileges, std::string_view privilege) {
  return std::ranges::any_of(privileges,
                             [&](const std::string& one) { return one == privilege || one == "ALL PRIVILEGES"; });
}

bool Grants::any(std::string_view privilege, bool revoked, std::string_view schema) const {
  return std::ranges::any_of(lines_, [&](const Line& line) {
    const bool named = schema == "*" ? line.schema == "*" : line.schema != "*" && is_like(schema, line.schema);
    return line.revoked == revoked && named && names(line.privileges, privilege);
  });
}

bool Grants::has(std::string_view privilege) const {
  return any(privilege, false, "*") && std::ranges::none_of(lines_, [&](const Line& line) {
           return line.revoked && line.schema != "*" && !is_servers_schema(line.schema) &&
                  names(line.privileges, privilege);
         });
}

bool Grants::has(std::string_view privilege, std::string_view schema) const {
  return any(privilege, false, schema) || (any(privilege, false, "*") && !any(privilege, true, schema));
}

bool Grants::has(std::string_view privilege, std::string_view schema, std::string_view table) const {
  return std::ranges::any_of(table_lines_, [&](const TableLine& line) {
    return line.schema == schema && line.table == table && names(line.privileges, privilege);
  });
}

bool Grants::has_of_tables(std::string_view schema) const {
  return std::ranges::any_of(table_lines_, [&](const TableLine& line) { return line.schema == schema; });
}

}  // namespace farshore::mysql
