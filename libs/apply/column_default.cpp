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
// Constants are compared by what the column's type makes of them. Of what is not understood nothing is equal.

#include "apply/column_default.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "store/statement_store.hpp"

namespace farshore::apply {
namespace {

using ConstantKind = ColumnConstant::Kind;
using mysql::ColumnSchema;

constexpr std::size_t kShownMax = 60;     // bytes of a constant in a sentence
constexpr int kExponentMax = 400;         // beyond what a double has
constexpr std::size_t kShortYearMax = 2;  // digits

enum class Family : std::uint8_t {
  kInteger,
  kDecimal,
  kFloat,
  kDouble,
  kBit,
  kYear,
  kDate,
  kDateTime,
  kTime,
  kPadded,  ///< CHAR: blanks at the end do not count
  kCharacters,
  kZeroPadded,  ///< BINARY
  kBytes,
  kEnum,
  kSet,
  kFolded,  ///< MariaDB's UUID, INET4, INET6: one spelling in ASCII, of either case
  kOther,
};

Family default_family(const ColumnSchema& column) {
  struct Named {
    std::string_view type;
    Family family;
  };
  static constexpr std::array kFamilies{Named{"tinyint", Family::kInteger},
                                        Named{"smallint", Family::kInteger},
                                        Named{"mediumint", Family::kInteger},
                                        Named{"int", Family::kInteger},
                                        Named{"bigint", Family::kInteger},
                                        Named{"decimal", Family::kDecimal},
                                        Named{"float", Family::kFloat},
                                        Named{"double", Family::kDouble},
                                        Named{"bit", Family::kBit},
                                        Named{"year", Family::kYear},
                                        Named{"date", Family::kDate},
                                        Named{"datetime", Family::kDateTime},
                                        Named{"timestamp", Family::kDateTime},
                                        Named{"time", Family::kTime},
                                        Named{"char", Family::kPadded},
                                        Named{"varchar", Family::kCharacters},
                                        Named{"tinytext", Family::kCharacters},
                                        Named{"text", Family::kCharacters},
                                        Named{"mediumtext", Family::kCharacters},
                                        Named{"longtext", Family::kCharacters},
                                        Named{"json", Family::kCharacters},
                                        Named{"binary", Family::kZeroPadded},
                                        Named{"varbinary", Family::kBytes},
                                        Named{"tinyblob", Family::kBytes},
                                        Named{"blob", Family::kBytes},
                                        Named{"mediumblob", Family::kBytes},
                                        Named{"longblob", Family::kBytes},
                                        Named{"enum", Family::kEnum},
                                        Named{"set", Family::kSet},
                                        Named{"uuid", Family::kFolded},
                                        Named{"inet4", Family::kFolded},
                                        Named{"inet6", Family::kFolded}};
  const auto* const found = std::ranges::find(kFamilies, column.data_type, &Named::type);
  return found == kFamilies.end() ? Family::kOther : found->family;
}

bool is_numeric(Family family) {
  return family == Family::kInteger || family == Family::kDecimal || family == Family::kFloat ||
         family == Family::kDouble || family == Family::kBit || family == Family::kYear;
}

bool is_figure(char c) { return c >= '0' && c <= '9'; }
bool all_figures(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_figure); }
std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}
std::string without_end(std::string text, char c) {
  text.erase(text.find_last_not_of(c) + 1);
  return text;
}

// --- numbers

/// 0.digits times ten to the power of `point`.
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 0;
  bool has_exponent = false;
};

/// [sign] [digits] [. digits] [e [sign] digits]
std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal out;
  text = without_blanks(text);
  out.negative = text.starts_with('-');
  if (out.negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    text = text.substr(0, exponent);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), out.point);
    if (error != std::errc() || end != power.data() + power.size()) return std::nullopt;
    if (out.point > kExponentMax || out.point < -kExponentMax) return std::nullopt;
    out.has_exponent = true;
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  out.digits = std::string(text.substr(0, point));
  out.point += static_cast<int>(point);
  if (point < text.size()) out.digits += text.substr(point + 1);
  if (!all_figures(out.digits)) return std::nullopt;
  return out;
}

/// With so many digits after the point, rounded half away from zero, and without zeros that say nothing.
std::string rounded(const Decimal& decimal, std::uint32_t scale) {
  const int kept = decimal.point + static_cast<int>(scale);
  std::string digits = decimal.digits;
  if (kept < 0) return "0";
  if (decimal.point < 0) digits.insert(0, static_cast<std::size_t>(-decimal.point), '0');
  int point = std::max(decimal.point, 0);
  const auto end = static_cast<std::size_t>(point) + scale;
  const bool up = digits.size() > end && digits[end] >= '5';
  digits.resize(std::max(end, static_cast<std::size_t>(point)), '0');
  if (up) {
    std::size_t at = digits.size();
    while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
    if (at > 0) {
      ++digits[at - 1];
    } else {
      digits.insert(0, 1, '1');
      ++point;
    }
  }
  std::string whole = digits.substr(0, static_cast<std::size_t>(point));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  const std::string fraction = without_end(digits.substr(static_cast<std::size_t>(point)), '0');
  if (whole.empty() && fraction.empty()) return "0";
  return fmt::format("{}{}{}{}", decimal.negative ? "-" : "", whole.empty() ? "0" : whole, fraction.empty() ? "" : ".",
                     fraction);
}

std::optional<std::string> floating(std::string_view text, bool is_float) {
  text = without_blanks(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number == 0) number = 0;  // without its sign
  return is_float ? fmt::format("{}", static_cast<float>(number)) : fmt::format("{}", number);
}

/// A text's bytes are the bits.
std::optional<std::string> bits(const ColumnConstant& constant) {
  if (constant.kind == ConstantKind::kNumber) {
    const auto decimal = decimal_of(constant.text);
    return decimal ? std::optional(rounded(*decimal, 0)) : std::nullopt;
  }
  if (constant.text.size() > sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : constant.text) number = number << 8U | static_cast<unsigned char>(c);
  return fmt::format("{}", number);
}

std::optional<std::string> year(const ColumnConstant& constant) {
  const std::string_view text = without_blanks(constant.text);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  const bool is_short = text.size() <= kShortYearMax;
  if (is_short && (number > 0 || constant.kind == ConstantKind::kText)) number += number < 70 ? 2000 : 1900;
  return fmt::format("{}", number);
}

/// As characters, where the server is sure to write them so.
std::optional<std::string> number_as_text(std::string_view text) {
  auto decimal = decimal_of(text);
  if (!decimal || decimal->has_exponent) return std::nullopt;
  const auto point = static_cast<std::size_t>(decimal->point);
  std::string whole = decimal->digits.substr(0, point);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  const std::string fraction = decimal->digits.substr(point);
  return fmt::format("{}{}{}{}", decimal->negative ? "-" : "", whole.empty() ? "0" : whole, fraction.empty() ? "" : ".",
                     fraction);
}

// --- moments

std::optional<std::vector<std::string>> groups_of_figures(std::string_view text, std::string_view separators) {
  std::vector<std::string> groups(1);
  for (const char c : text) {
    if (is_figure(c)) {
      groups.back().push_back(c);
    } else if (separators.contains(c) && !groups.back().empty()) {
      groups.emplace_back();
    } else {
      return std::nullopt;
    }
  }
  if (groups.back().empty()) return std::nullopt;
  return groups;
}

/// YYYYMMDD[hhmmss], YYMMDD[hhmmss]
std::optional<std::vector<std::string>> cut_moment(const std::string& figures) {
  const std::size_t size = figures.size();
  if (size != 6 && size != 8 && size != 12 && size != 14) return std::nullopt;
  const std::size_t year = size == 8 || size == 14 ? 4 : 2;
  std::vector<std::string> groups{figures.substr(0, year)};
  for (std::size_t at = year; at < size; at += 2) groups.push_back(figures.substr(at, 2));
  return groups;
}

int read_figures(const std::string& figures) {
  int number = -1;
  std::from_chars(figures.data(), figures.data() + figures.size(), number);
  return number;
}

/// Without a fraction of zeros. Another one is nothing that is known.
std::optional<std::string_view> whole_seconds(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return text;
  if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return std::nullopt;
  return text.substr(0, point);
}

std::optional<std::string> moment(std::string_view text, bool has_time) {
  const auto seconds = whole_seconds(without_blanks(text));
  if (!seconds) return std::nullopt;
  if (all_figures(*seconds) && seconds->find_first_not_of('0') == std::string_view::npos) return "0";
  auto groups = groups_of_figures(*seconds, "-: T/");
  if (groups && groups->size() == 1) groups = cut_moment(groups->front());
  if (!groups || groups->size() < 3 || groups->size() > 6) return std::nullopt;
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < groups->size(); ++i) parts[i] = read_figures((*groups)[i]);
  if (groups->front().size() <= kShortYearMax) parts[0] += parts[0] < 70 ? 2000 : 1900;
  if (std::ranges::all_of(parts, [](int part) { return part == 0; })) return "0";
  const std::string day = fmt::format("{:04}-{:02}-{:02}", parts[0], parts[1], parts[2]);
  return has_time ? fmt::format("{} {:02}:{:02}:{:02}", day, parts[3], parts[4], parts[5]) : day;
}

/// h:m[:s], or hhmmss with as many zeros left out at the front as may be.
std::optional<std::string> time_of_day(std::string_view text) {
  auto seconds = whole_seconds(without_blanks(text));
  if (!seconds) return std::nullopt;
  const bool negative = seconds->starts_with('-');
  if (negative) seconds->remove_prefix(1);
  auto groups = groups_of_figures(*seconds, ":");
  if (!groups || groups->size() > 3) return std::nullopt;
  if (groups->size() == 1) {
    std::string figures = groups->front();
    if (figures.size() > 7) return std::nullopt;
    if (figures.size() < 6) figures.insert(0, 6 - figures.size(), '0');
    groups = {figures.substr(0, figures.size() - 4), figures.substr(figures.size() - 4, 2),
              figures.substr(figures.size() - 2)};
  }
  const int rest = groups->size() == 3 ? read_figures((*groups)[2]) : 0;
  const int all = (read_figures((*groups)[0]) * 60 + read_figures((*groups)[1])) * 60 + rest;
  return fmt::format("{}{}", negative && all != 0 ? "-" : "", all);
}

// --- what is equal where it is the same value

std::optional<std::string> characters(const ColumnConstant& constant) {
  return constant.kind == ConstantKind::kNumber ? number_as_text(constant.text) : std::optional(constant.text);
}

std::string labels_of_set(const std::string& text) {
  std::set<std::string> labels;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    if (to > from) labels.insert(mysql::lower_case(text.substr(from, to - from)));
    from = to + 1;
  }
  return fmt::format("{}", fmt::join(labels, ","));
}

std::optional<std::string> value_in(const ColumnSchema& column, const ColumnConstant& constant) {
  const std::string& text = constant.text;
  const Family family = default_family(column);
  switch (family) {
    case Family::kInteger:
    case Family::kDecimal: {
      const auto decimal = decimal_of(text);
      if (!decimal) return std::nullopt;
      return rounded(*decimal, family == Family::kInteger ? 0 : column.scale);
    }
    case Family::kFloat:
    case Family::kDouble: return floating(text, family == Family::kFloat);
    case Family::kBit: return bits(constant);
    case Family::kYear: return year(constant);
    case Family::kDate:
    case Family::kDateTime: return moment(text, family == Family::kDateTime);
    case Family::kTime: return time_of_day(text);
    case Family::kPadded: {
      auto read = characters(constant);
      return read ? std::optional(without_end(std::move(*read), ' ')) : std::nullopt;
    }
    case Family::kCharacters:
    case Family::kBytes: return characters(constant);
    case Family::kZeroPadded: return without_end(text, '\0');
    case Family::kEnum: {
      const auto read = characters(constant);
      return read ? std::optional(mysql::lower_case(without_end(*read, ' '))) : std::nullopt;
    }
    case Family::kSet: return constant.kind == ConstantKind::kText ? std::optional(labels_of_set(text)) : std::nullopt;
    case Family::kFolded:
      return constant.kind == ConstantKind::kText ? std::optional(mysql::lower_case(text)) : std::nullopt;
    case Family::kOther: return std::nullopt;
  }
  return std::nullopt;
}

// --- what a server says of a default

ColumnConstant number(std::string text) { return {.kind = ConstantKind::kNumber, .text = std::move(text)}; }
ColumnConstant characters_of(std::string text) { return {.kind = ConstantKind::kText, .text = std::move(text)}; }

/// Where there is none and NULL is forbidden.
std::optional<ColumnConstant> implicit_of(const ColumnSchema& column) {
  if (column.auto_increment) return std::nullopt;
  const Family family = default_family(column);
  const bool is_moment = family == Family::kDate || family == Family::kDateTime || family == Family::kTime;
  if (is_numeric(family) || is_moment) return number("0");
  if (family == Family::kFolded || family == Family::kOther || column.data_type == "json") return std::nullopt;
  if (family != Family::kEnum) return characters_of("");
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
  return decimal_of(sql) ? std::optional(number(sql)) : std::nullopt;
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

}  // namespace

std::optional<ColumnConstant> default_of(const ColumnSchema& column, bool is_mariadb) {
  if (column.generated) return std::nullopt;
  if (!column.default_text) return column.nullable ? std::optional(ColumnConstant()) : implicit_of(column);
  const std::string& text = *column.default_text;
  const Family family = default_family(column);
  const bool is_bytes = family == Family::kBytes || family == Family::kZeroPadded;
  if (is_mariadb && is_bytes && text.contains('?')) return std::nullopt;  // it stands for each byte that is not UTF-8
  if (is_mariadb) return constant_of(text, is_numeric(family));
  if (column.default_is_expression) return constant_of(plain_expression(text), is_numeric(family));
  if (family == Family::kBit) return bits_of(text, true);
  if (is_bytes && text.starts_with("0x")) return text.size() == 2 ? characters_of("") : bits_of(text, false);
  return is_numeric(family) && decimal_of(text) ? number(text) : characters_of(text);
}

bool same_in(const ColumnSchema& column, const ColumnConstant& a, const ColumnConstant& b) {
  if (a.kind == ConstantKind::kNull || b.kind == ConstantKind::kNull) return a.kind == b.kind;
  const auto value = value_in(column, a);
  return value && value == value_in(column, b);
}

std::optional<std::string> why_other(const ColumnSchema& column, const ColumnConstant& at_origin, bool is_mariadb) {
  const auto here = default_of(column, is_mariadb);
  if (here && same_in(column, at_origin, *here)) return std::nullopt;
  return fmt::format(
      "column {} was added with {} for all rows at the origin, and {}", column.name, shown(at_origin),
      here ? "has the default " + shown(*here) + " here" : "its default here is no constant that is known");
}

}  // namespace farshore::apply
