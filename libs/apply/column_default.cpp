// Each server writes COLUMN_DEFAULT in its own way:
//
//                            MySQL                             MariaDB
//   no default, or NULL      NULL                              NULL where it is forbidden, else the text NULL
//   a number                 1.50                              1.50
//   a text                   it's                              'it''s', with backslashes
//   bits                     b'101'                            b'101'
//   bytes                    0x6162                            'ab'
//   an expression            SQL, and DEFAULT_GENERATED in     SQL
//                            EXTRA; a text is _utf8mb4\'x\'
//
// Two constants are compared by what the two columns' types make of them. Of what is not understood nothing is equal.

#include "apply/column_default.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include "apply/column_value.hpp"
#include "store/statement_store.hpp"

namespace farshore::apply {
namespace {

using ConstantKind = ColumnConstant::Kind;
using mysql::ColumnSchema;

constexpr std::size_t kShownMax = 60;        // bytes of a constant in a sentence
constexpr std::uint32_t kArgumentMax = 255;  // CHAR(255), BINARY(255): no type that is told has a greater number

ColumnConstant number(std::string text) { return {.kind = ConstantKind::kNumber, .text = std::move(text)}; }
ColumnConstant characters_of(std::string text) { return {.kind = ConstantKind::kText, .text = std::move(text)}; }

/// Where there is none and NULL is forbidden.
std::optional<ColumnConstant> implicit_of(const ColumnSchema& column) {
  if (column.auto_increment) return std::nullopt;
  const ValueKind kind = value_kind(column);
  if (kind == ValueKind::kNumber || kind == ValueKind::kMoment || kind == ValueKind::kTime) return number("0");
  if (kind == ValueKind::kOther || column.data_type == "json") return std::nullopt;
  if (column.data_type != "enum") return characters_of("");
  auto labels = column.labels();
  return labels.empty() ? std::nullopt : std::optional(characters_of(std::move(labels.front())));
}

/// 0x6162, x'6162', b'101': a number in a column of numbers, else bytes.
std::optional<ColumnConstant> bits_of(std::string_view text, bool as_number) {
  const bool quoted = text.size() > 2 && text[1] == '\'' && text.ends_with('\'');
  const char letter = quoted ? text[0] : text.starts_with("0") && text.size() > 2 ? text[1] : '\0';
  if (letter != 'x' && letter != 'b') return std::nullopt;
  return constant_of_digits(text.substr(2, text.size() - (quoted ? 3 : 2)), letter == 'x' ? 16 : 2, as_number);
}

/// What stands between single quotes, the whole text long.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('\'') || !text.ends_with('\'')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\'') {
      if (!text.substr(at + 1).starts_with('\'')) return std::nullopt;
      ++at;
    } else if (text[at] == '\\') {
      if (++at == text.size()) return std::nullopt;
      constexpr std::string_view kLetters = "0bnrtZ";
      constexpr std::string_view kMeanings("\0\b\n\r\t\x1A", 6);
      const std::size_t letter = kLetters.find(text[at]);
      out.push_back(letter == std::string_view::npos ? text[at] : kMeanings[letter]);
      continue;
    }
    out.push_back(text[at]);
  }
  return out;
}

/// A constant as SQL.
std::optional<ColumnConstant> constant_of(const std::string& sql, bool as_number) {
  if (sql == "NULL") return ColumnConstant();
  if (auto text = unquoted(sql)) return characters_of(std::move(*text));
  if (auto bits = bits_of(sql, as_number)) return bits;
  return is_number(sql) ? std::optional(number(sql)) : std::nullopt;
}

/// _utf8mb4\'x\': as MySQL writes a text in an expression.
std::string plain_expression(std::string sql) {
  const std::size_t quote = sql.find("\\'");
  if (!sql.starts_with('_') || quote == std::string::npos || !sql.ends_with("\\'")) return sql;
  sql = sql.substr(quote + 2);
  sql.resize(sql.size() - std::min<std::size_t>(sql.size(), 2));
  return sql.contains('\\') ? "" : "'" + sql + "'";
}

std::string shown(const ColumnConstant& constant) {
  switch (constant.kind) {
    case ConstantKind::kNull: return "NULL";
    case ConstantKind::kNumber: return store::statement_for_people(constant.text, kShownMax);
    case ConstantKind::kText: return fmt::format("'{}'", store::statement_for_people(constant.text, kShownMax));
  }
  return "";
}

/// The column that a type of an added one makes; of no type where no server has such a one.
ColumnSchema of_type(const std::string& type) {
  ColumnSchema column;
  const std::size_t open = type.find('(');
  column.data_type = type.substr(0, open);
  column.column_type = type;
  if (open == std::string::npos || type.find('\'', open) != std::string::npos) return column;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  const char* const end = type.data() + type.size();
  const auto read = std::from_chars(type.data() + open + 1, end, first);
  const bool has_two = read.ptr != end && *read.ptr == ',';
  const auto last = has_two ? std::from_chars(read.ptr + 1, end, second) : read;
  if (read.ec != std::errc() || last.ec != std::errc() || first > kArgumentMax || second > kArgumentMax) return {};
  column.scale = has_two ? second : value_kind(column) == ValueKind::kNumber ? 0 : first;
  column.rounds = has_two && column.data_type != "decimal";
  if (value_kind(column) == ValueKind::kBytes) column.length_bytes = first;
  return column;
}

/// Each constant has one value in both.
bool means_alike(const ColumnSchema& a, const ColumnSchema& b) {
  const bool is_padded = a.data_type == "binary";
  return a.data_type == b.data_type && a.scale == b.scale && a.rounds == b.rounds && a.labels() == b.labels() &&
         (!is_padded || a.length_bytes == b.length_bytes);
}

}  // namespace

std::optional<ColumnConstant> default_of(const ColumnSchema& column, bool is_mariadb) {
  if (column.generated) return std::nullopt;
  if (!column.default_text) return column.nullable ? std::optional(ColumnConstant()) : implicit_of(column);
  const std::string& text = *column.default_text;
  const bool is_numeric = value_kind(column) == ValueKind::kNumber;
  const bool is_bytes = value_kind(column) == ValueKind::kBytes;
  if (is_mariadb && is_bytes && text.contains('?')) return std::nullopt;  // it stands for each byte that is not UTF-8
  if (is_mariadb) return constant_of(text, is_numeric);
  if (column.default_is_expression) return constant_of(plain_expression(text), is_numeric);
  if (column.data_type == "bit") return bits_of(text, true);
  if (is_bytes && text.starts_with("0x")) return text.size() == 2 ? characters_of("") : bits_of(text, false);
  return is_numeric && is_number(text) ? number(text) : characters_of(text);
}

bool is_same(const ColumnSchema& at_origin, const ColumnConstant& a, const ColumnSchema& here,
             const ColumnConstant& b) {
  const auto value = value_in(at_origin, a);
  return value && value == value_in(here, b);
}

std::optional<std::string> why_other(const ColumnSchema& column, const AddedColumn& added, bool is_mariadb) {
  const auto here = default_of(column, is_mariadb);
  const ColumnSchema at_origin = added.type.empty() ? column : of_type(added.type);
  if (here && is_same(at_origin, added.constant, column, *here)) return std::nullopt;
  const bool other_type = !means_alike(at_origin, column);
  return fmt::format(
      "column {} was added{} with {} for all rows at the origin, and {}{}", column.name,
      other_type ? " as " + store::statement_for_people(added.type, kShownMax) : "", shown(added.constant),
      other_type ? "is " + store::statement_for_people(column.column_type, kShownMax) + " here, and " : "",
      here ? "has the default " + shown(*here) + " here" : "its default here is no constant that is known");
}

}  // namespace farshore::apply
