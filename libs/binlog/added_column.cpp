// The constants that are taken, as they stand behind DEFAULT:
//
//   NULL, TRUE, FALSE
//   numbers     1  +1  -1.50  .5  1e3
//   bits        0x41  x'41'  0b101  b'101': a number in a column of numbers, else bytes
//   texts       'a' "a" 'a' 'b' _utf8mb4'a' N'a': where their characters are known in UTF-8
//
// Without a DEFAULT it is NULL, or zero or no text where that is forbidden.

#include "binlog/added_column.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "binlog/clause_words.hpp"
#include "binlog/defined_type.hpp"

namespace farshore::binlog {
namespace {

using ConstantKind = ColumnConstant::Kind;

constexpr std::size_t kConstantBytesMax = 4'096;

bool is_figure(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_figure); }

/// Types whose implicit default, where there is none and NULL is forbidden, is zero or no text on every server.
bool has_plain_implicit_default(Tokens type) {
  return at_any(type, 0, {"TINYINT", "SMALLINT",   "MEDIUMINT", "INT",      "INTEGER", "BIGINT",     "BOOL",
                          "BOOLEAN", "DECIMAL",    "DEC",       "NUMERIC",  "FIXED",   "FLOAT",      "DOUBLE",
                          "CHAR",    "VARCHAR",    "NCHAR",     "NVARCHAR", "BINARY",  "VARBINARY",  "TINYTEXT",
                          "TEXT",    "MEDIUMTEXT", "LONGTEXT",  "TINYBLOB", "BLOB",    "MEDIUMBLOB", "LONGBLOB"});
}

bool is_moment(Tokens type) { return at_any(type, 0, {"TIMESTAMP", "DATETIME", "DATE", "TIME", "YEAR"}); }

/// What a DEFAULT of those means without a look at the session: whole digits, or a text of a date and a time. An offset
/// ('... 12:00:00+05:00') is turned into the session's time_zone, and a fraction is rounded or cut by its sql_mode. A
/// time in a DATE is cut off, but under MariaDB's sql_mode ORACLE, where that is a DATETIME.
bool is_the_same_moment(Tokens value, bool is_date) {
  if (at(value, 0, "NULL")) return true;
  const SqlToken& first = value[0];
  if (first.kind == SqlToken::Kind::kWord)
    return first.text.find_first_not_of("0123456789") == std::string::npos &&
           (value.size() == 1 || !value[1].is_symbol('.'));
  const bool goes_on = value.size() > 1 && value[1].kind == SqlToken::Kind::kString;
  if (first.kind != SqlToken::Kind::kString || goes_on) return false;
  const std::size_t clock = first.text.find(':');
  return first.text.find_first_not_of("0123456789-: T") == std::string::npos &&
         !(is_date && clock != std::string::npos) &&
         (clock == std::string::npos || first.text.find('-', clock) == std::string::npos);
}

/// Takes what has been read from the front.
bool take(Tokens& value, char symbol) {
  const bool is_there = !value.empty() && value[0].is_symbol(symbol);
  if (is_there) value = value.subspan(1);
  return is_there;
}
std::string_view take_word(Tokens& value) {
  if (value.empty() || value[0].kind != SqlToken::Kind::kWord) return {};
  const std::string_view word = value[0].text;
  value = value.subspan(1);
  return word;
}

/// [digits] [. digits] [e [sign] digits]: the tokens part it at the point and the sign.
std::optional<std::string> take_number(Tokens& value) {
  const auto is_number_word = [&] {
    return !value.empty() && value[0].kind == SqlToken::Kind::kWord && is_figure(value[0].text.front());
  };
  std::string number;
  if (is_number_word()) number += take_word(value);
  if (take(value, '.')) {
    number += '.';
    if (is_number_word()) number += take_word(value);
  }
  const bool takes_sign = number.size() > 1 && lower(number.back()) == 'e';
  if (takes_sign && !value.empty() && (value[0].is_symbol('+') || value[0].is_symbol('-'))) {
    number += value[0].text;
    value = value.subspan(1);
    number += take_word(value);
  }
  const std::size_t exponent = number.find_first_of("eE");
  std::string mantissa = number.substr(0, exponent);
  if (const std::size_t point = mantissa.find('.'); point != std::string::npos) mantissa.erase(point, 1);
  std::string_view power = exponent == std::string::npos ? "0" : std::string_view(number).substr(exponent + 1);
  if (power.starts_with('+') || power.starts_with('-')) power.remove_prefix(1);
  if (!is_digits(mantissa) || !is_digits(power)) return std::nullopt;
  return number;
}

/// Neighbours are one text.
std::optional<ColumnConstant> take_text(Tokens& value, const SqlDialect& dialect, bool only_ascii) {
  std::string text;
  for (; !value.empty() && value[0].kind == SqlToken::Kind::kString; value = value.subspan(1)) text += value[0].text;
  auto known = name_in_utf8(dialect.charset, text);
  if (!known || (only_ascii && !is_ascii(*known))) return std::nullopt;
  return ColumnConstant{ConstantKind::kText, std::move(*known)};
}

/// UTF-16 and UTF-32 have other bytes for ASCII.
bool is_wide(std::string_view introducer) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"_ucs2", "_utf16", "_utf16le", "_utf32"},
                             [&](std::string_view wide) { return is_same_name(introducer, wide); });
}

/// What stands behind DEFAULT; nothing: no constant, or not a plain one.
std::optional<ColumnConstant> take_constant(Tokens& value, bool numeric, const SqlDialect& dialect) {
  if (value.empty()) return std::nullopt;
  if (value[0].kind == SqlToken::Kind::kString) return take_text(value, dialect, false);
  if (at_any(value, 0, {"NULL", "TRUE", "FALSE"})) {
    const bool is_null = at(value, 0, "NULL");
    const bool is_true = at(value, 0, "TRUE");
    value = value.subspan(1);
    return is_null ? ColumnConstant() : ColumnConstant{ConstantKind::kNumber, is_true ? "1" : "0"};
  }
  const bool before_text = value.size() > 1 && value[1].kind == SqlToken::Kind::kString;
  if (before_text && at_any(value, 0, {"X", "B"})) {
    const auto constant = constant_of_digits(value[1].text, at(value, 0, "X") ? 16 : 2, numeric);
    value = value.subspan(2);
    return constant;
  }
  if (before_text && (value[0].text.front() == '_' || at(value, 0, "N"))) {
    if (value[0].kind != SqlToken::Kind::kWord || is_wide(value[0].text)) return std::nullopt;
    // The bytes behind an introducer are that character set's, whatever the session's is.
    const bool is_utf8 =
        at_any(value, 0, {"_UTF8MB4", "_UTF8MB3", "_UTF8"}) && dialect.charset == SqlDialect::Charset::kUtf8;
    value = value.subspan(1);
    return take_text(value, dialect, !is_utf8);
  }
  const bool negative = take(value, '-');
  if (!negative) (void)take(value, '+');
  const std::string_view word = value.empty() ? std::string_view() : std::string_view(value[0].text);
  if (!negative && (word.starts_with("0x") || word.starts_with("0b"))) {
    const auto constant = constant_of_digits(word.substr(2), word[1] == 'x' ? 16 : 2, numeric);
    value = value.subspan(1);
    return constant;
  }
  auto number = take_number(value);
  if (!number) return std::nullopt;
  return ColumnConstant{ConstantKind::kNumber, (negative ? "-" : "") + *number};
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<DefinedColumn> define_column(Tokens definition, const SqlDialect& dialect) {
  const std::vector<SqlToken> outside = outer(definition);
  if (outside.size() < 2 || !outside[0].is_name() || outside[1].kind != SqlToken::Kind::kWord) return std::nullopt;
  auto name = name_in_utf8(dialect.charset, outside[0].text);
  if (!name) return std::nullopt;
  const auto reference = std::ranges::find_if(outside, [](const SqlToken& t) { return t.is_word("REFERENCES"); });
  const Tokens type(outside.begin() + 1, reference);
  if (type.empty() || has_any(type, {"AUTO_INCREMENT", "SERIAL", "PRIMARY", "ROW", "SYSTEM"})) return std::nullopt;
  for (std::size_t i = 0; i < type.size(); ++i)
    if (at(type, i, "KEY") && (i == 0 || !at(type, i - 1, "UNIQUE"))) return std::nullopt;
  // Each reader computes what is generated; what is stored is the altering session's, by its time_zone for one.
  if (has(type, "AS")) {
    if (has_any(type, {"STORED", "PERSISTENT"})) return std::nullopt;
    return DefinedColumn{std::move(*name), std::nullopt, ""};
  }
  auto defined = defined_type(definition.subspan(1), dialect);
  const bool numeric = defined && defined->is_numeric;
  bool not_null = false;
  bool null = false;
  ColumnConstant constant;
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (at(type, i, "NOT") && at(type, i + 1, "NULL")) {
      not_null = true;
      ++i;
    } else if (at(type, i, "NULL")) {
      null = true;
    } else if (at(type, i, "DEFAULT")) {
      Tokens value = type.subspan(i + 1);
      if (is_moment(type) && !value.empty() && !is_the_same_moment(value, at(type, 0, "DATE"))) return std::nullopt;
      auto taken = take_constant(value, numeric, dialect);
      // Behind a constant an attribute begins; anything else makes an expression of it.
      const bool goes_on = !value.empty() && value[0].kind != SqlToken::Kind::kWord;
      if (!taken || goes_on || taken->text.size() > kConstantBytesMax) return std::nullopt;
      constant = std::move(*taken);
    }
  }
  const bool has_default = constant.kind != ConstantKind::kNull;
  // A TIMESTAMP may be set to the time of the statement without a word of it; its constants mean another moment in
  // another time zone.
  if (at(type, 0, "TIMESTAMP") && (!null || not_null || has_default)) return std::nullopt;
  if (!has_default && not_null) {
    if (!has_plain_implicit_default(type)) return std::nullopt;
    constant = numeric ? ColumnConstant{ConstantKind::kNumber, "0"} : ColumnConstant{ConstantKind::kText, ""};
  }
  if (constant.kind == ConstantKind::kNull) return DefinedColumn{std::move(*name), std::move(constant), ""};
  if (!defined || defined->text.size() > kConstantBytesMax) return std::nullopt;
  return DefinedColumn{std::move(*name), std::move(constant), std::move(defined->text)};
}

}  // namespace farshore::binlog
