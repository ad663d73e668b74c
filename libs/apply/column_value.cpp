// A constant's value in a column, as text: numbers with all their digits, moments in one spelling, labels as the column
// spells them. So values in columns of two types can be compared.

#include "apply/column_value.hpp"

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

namespace farshore::apply {
namespace {

using ConstantKind = ColumnConstant::Kind;
using mysql::ColumnSchema;

constexpr int kExponentMax = 400;            // beyond what a double has
constexpr std::uint32_t kDigitsMax = 1'200;  // after the point, of such a number
constexpr std::size_t kShortYearMax = 2;     // digits

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

Family family_by_name(const ColumnSchema& column) {
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
  // A constant of a TIMESTAMP is another moment in each time_zone: it is none of them.
  const auto* const found = std::ranges::find(kFamilies, column.data_type, &Named::type);
  return found == kFamilies.end() ? Family::kOther : found->family;
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

/// The FLOAT or DOUBLE that is nearest, to as many digits as tell it from its neighbours among the DOUBLEs.
std::optional<std::string> floating(const ColumnSchema& column, std::string_view text, bool is_float) {
  const auto decimal = decimal_of(text);
  if (!decimal) return std::nullopt;
  const std::string digits = rounded(*decimal, column.rounds ? column.scale : kDigitsMax);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc()) return std::nullopt;
  if (is_float) number = static_cast<double>(static_cast<float>(number));
  const auto read = decimal_of(fmt::format("{}", number));
  return read ? std::optional(rounded(*read, kDigitsMax)) : std::nullopt;
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
  if (!has_time) parts[3] = parts[4] = parts[5] = 0;
  return fmt::format("{} {:02}:{:02}:{:02}", day, parts[3], parts[4], parts[5]);
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

/// As the column spells it; they are told apart without case.
std::optional<std::string> label_of(const std::vector<std::string>& labels, const std::string& text) {
  const auto is_it = [&](const std::string& label) { return mysql::lower_case(label) == mysql::lower_case(text); };
  const auto found = std::ranges::find_if(labels, is_it);
  return found == labels.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::string> labels_of_set(const std::vector<std::string>& known, const std::string& text) {
  std::set<std::string> labels;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    if (to > from) {
      auto label = label_of(known, text.substr(from, to - from));
      if (!label) return std::nullopt;
      labels.insert(std::move(*label));
    }
    from = to + 1;
  }
  return fmt::format("{}", fmt::join(labels, ","));
}

std::optional<std::string> with_zeros(const ColumnSchema& column, const ColumnConstant& constant) {
  auto read = characters(constant);
  if (read) read->resize(std::max<std::size_t>(read->size(), column.length_bytes), '\0');
  return read;
}

ValueKind kind_of(Family family) {
  switch (family) {
    case Family::kInteger:
    case Family::kDecimal:
    case Family::kFloat:
    case Family::kDouble:
    case Family::kBit:
    case Family::kYear: return ValueKind::kNumber;
    case Family::kDate:
    case Family::kDateTime: return ValueKind::kMoment;
    case Family::kTime: return ValueKind::kTime;
    case Family::kPadded:
    case Family::kCharacters:
    case Family::kEnum:
    case Family::kSet: return ValueKind::kCharacters;
    case Family::kZeroPadded:
    case Family::kBytes: return ValueKind::kBytes;
    case Family::kFolded:
    case Family::kOther: return ValueKind::kOther;
  }
  return ValueKind::kOther;
}

std::optional<std::string> text_in(const ColumnSchema& column, const ColumnConstant& constant) {
  const std::string& text = constant.text;
  const Family family = family_by_name(column);
  switch (family) {
    case Family::kInteger:
    case Family::kDecimal: {
      const auto decimal = decimal_of(text);
      if (!decimal) return std::nullopt;
      return rounded(*decimal, family == Family::kInteger ? 0 : column.scale);
    }
    case Family::kFloat:
    case Family::kDouble: return floating(column, text, family == Family::kFloat);
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
    case Family::kZeroPadded: return with_zeros(column, constant);
    case Family::kEnum: {
      const auto read = characters(constant);
      return read ? label_of(column.labels(), without_end(*read, ' ')) : std::nullopt;
    }
    case Family::kSet:
      return constant.kind == ConstantKind::kText ? labels_of_set(column.labels(), text) : std::nullopt;
    case Family::kFolded:
      return constant.kind == ConstantKind::kText ? std::optional(column.data_type + " " + mysql::lower_case(text))
                                                  : std::nullopt;
    case Family::kOther: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool is_number(std::string_view text) { return decimal_of(text).has_value(); }

ValueKind value_kind(const ColumnSchema& column) { return kind_of(family_by_name(column)); }

std::optional<ColumnValue> value_in(const ColumnSchema& column, const ColumnConstant& constant) {
  if (constant.kind == ConstantKind::kNull) return ColumnValue{ValueKind::kNull, ""};
  auto text = text_in(column, constant);
  return text ? std::optional(ColumnValue{value_kind(column), std::move(*text)}) : std::nullopt;
}

}  // namespace farshore::apply
