#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "apply/table_fit.hpp"

// What of a session decides the value of a generated column. By the text that the servers print of its expression: each
// name of a column is in backticks. A text that holds such a name, or a function's, counts as one.
namespace farshore::apply {
namespace {

constexpr int kColumnsDeep = 8;  // generated columns that refer to generated columns

std::string quoted_lower(std::string name) {
  for (auto at = name.find('`'); at != std::string::npos; at = name.find('`', at + 2)) name.insert(at, 1, '`');
  return "`" + mysql::lower_case(std::move(name)) + "`";
}

/// The arguments of the call whose parenthesis is at `open`.
std::vector<std::string_view> arguments(std::string_view text, std::size_t open) {
  std::vector<std::string_view> out;
  int depth = 0;
  bool is_quoted = false;
  std::size_t begin = open + 1;
  for (std::size_t at = open; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (depth > 1 || (c != ',' && c != ')')) continue;
    if (depth == 1 && c == ')') continue;  // of a call among the arguments
    out.push_back(text.substr(begin, at - begin));
    begin = at + 1;
    if (depth == 0) break;
  }
  return out;
}

/// Whether a date_format() shows names of days or months, or may: its format is no literal. `lower`: `expression` in
/// lower case.
bool shows_names(std::string_view expression, std::string_view lower) {
  constexpr std::string_view kCall = "date_format(";
  for (auto at = lower.find(kCall); at != std::string_view::npos; at = lower.find(kCall, at + 1)) {
    const auto given = arguments(expression, at + kCall.size() - 1);
    const std::string_view format = given.size() < 2 ? std::string_view() : given[1];
    const bool is_literal = format.contains('\'') && !format.contains('`') && !format.contains('(');
    constexpr std::array<std::string_view, 4> kNames{"%a", "%b", "%M", "%W"};
    if (!is_literal || std::ranges::any_of(kNames, [&](std::string_view name) { return format.contains(name); }))
      return true;
  }
  return false;
}

/// Whether each place where a TIME is named takes it for a time: as an argument of a function that does.
bool stays_a_time(std::string_view text, std::string_view name) {
  constexpr std::array<std::string_view, 11> kTake{"addtime",   "subtime",     "timediff",   "concat",
                                                   "concat_ws", "hour",        "minute",     "second",
                                                   "time",      "time_to_sec", "time_format"};
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    bool is_first = true;  // argument
    int depth = 0;
    std::size_t open = at;
    std::string_view function;
    while (open > 0 && function.empty()) {
      const char c = text[--open];
      if (c == ')') ++depth;
      if (c == ',' && depth == 0) is_first = false;
      if (c != '(' || depth-- > 0) continue;
      depth = 0;
      std::size_t begin = open;
      while (begin > 0 && (std::isalnum(static_cast<unsigned char>(text[begin - 1])) != 0 || text[begin - 1] == '_'))
        --begin;
      function = text.substr(begin, open - begin);
    }
    const bool is_time = std::ranges::find(kTake, function) != kTake.end() || (function == "timestamp" && !is_first);
    if (!is_time) return false;
  }
  return true;
}

std::optional<std::string> decides(const mysql::ColumnSchema& column, const mysql::TableSchema& table, int deep) {
  if (deep > kColumnsDeep) return "columns that refer to one another";
  std::string text = mysql::lower_case(column.expression);
  const std::string whole = text;
  const auto refers_to = [&](const mysql::ColumnSchema& other) { return text.contains(quoted_lower(other.name)); };
  for (const mysql::ColumnSchema& other : table.columns) {
    if (other.data_type != "timestamp") continue;
    const std::string name = quoted_lower(other.name);
    if (text == name && column.data_type == "timestamp" && !other.generated) return std::nullopt;  // the same moment
    const std::string seconds = "unix_timestamp(" + name + ")";
    for (auto at = text.find(seconds); at != std::string::npos; at = text.find(seconds)) text.erase(at, seconds.size());
    if (refers_to(other)) return fmt::format("time_zone, by the TIMESTAMP {}", other.name);
  }
  if (column.data_type == "timestamp") return "time_zone, by its type TIMESTAMP";
  for (const std::string_view function : {"unix_timestamp", "from_unixtime"})
    if (text.contains(fmt::format("{}(", function))) return fmt::format("time_zone, by {}()", function);
  for (const std::string_view function : {"dayname", "monthname", "to_char"})
    if (text.contains(fmt::format("{}(", function))) return fmt::format("lc_time_names, by {}()", function);
  if (shows_names(column.expression, whole)) return "lc_time_names, by date_format() with names";
  const auto is_dated = [](const std::string& type) { return type == "datetime" || type == "date"; };
  const bool has_date =
      is_dated(column.data_type) || text.contains(" as date") ||
      std::ranges::any_of(table.columns, [&](const auto& c) { return is_dated(c.data_type) && refers_to(c); });
  for (const mysql::ColumnSchema& other : table.columns)
    if (has_date && other.data_type == "time" && !stays_a_time(text, quoted_lower(other.name)))
      return fmt::format("the day on which it writes, by the TIME {}", other.name);
  for (const mysql::ColumnSchema& other : table.columns) {
    if (!other.generated || !whole.contains(quoted_lower(other.name))) continue;
    if (auto through = decides(other, table, deep + 1)) return through;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> session_in(const mysql::ColumnSchema& column, const mysql::TableSchema& table) {
  if (!column.generated || !column.stored) return std::nullopt;
  return decides(column, table, 0);
}

}  // namespace farshore::apply
