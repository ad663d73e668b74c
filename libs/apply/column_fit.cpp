#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "apply/table_fit.hpp"
#include "mysql/charset_text.hpp"

namespace farshore::apply {
namespace {

bool is_integer(const std::string& type) {
  return type == "tinyint" || type == "smallint" || type == "mediumint" || type == "int" || type == "bigint";
}
bool is_bytes(const std::string& type) { return type == "binary" || type == "varbinary" || type.ends_with("blob"); }

// Not ENUM and SET.
bool is_plain_string(const std::string& type) { return type == "char" || type == "varchar" || type.ends_with("text"); }
bool is_number(const std::string& type) {
  return is_integer(type) || type == "decimal" || type == "float" || type == "double" || type == "bit";
}

std::optional<std::string> differs(const mysql::ColumnSchema& target) {
  return fmt::format("column {} is {} there, which does not hold the source's values exactly", target.name,
                     target.column_type);
}

std::optional<std::string> temporal_loss(const Column& source, const mysql::ColumnSchema& target,
                                         std::string_view wanted) {
  if (target.data_type != wanted) return differs(target);
  if (target.scale >= source.scale) return std::nullopt;
  return fmt::format("column {} keeps {} digits of a second's fraction, the source's has {}", target.name, target.scale,
                     source.scale);
}

// As MariaDB names its types of 16 and 4 bytes: their bytes in the binlog are not those of any literal.
bool is_special(const std::string& type) { return type == "uuid" || type == "inet6" || type == "inet4"; }

std::uint64_t bytes_a_character(std::string_view charset) {
  if (charset == "utf8mb4" || charset == "utf16" || charset == "utf16le" || charset == "utf32" ||
      charset == "gb18030") {
    return 4;
  }
  if (charset == "utf8mb3" || charset == "utf8" || charset == "ujis" || charset == "eucjpms") return 3;
  for (const std::string_view two : {"ucs2", "big5", "gbk", "gb2312", "sjis", "cp932", "euckr"}) {
    if (charset == two) return 2;
  }
  return 1;
}

std::optional<std::string> string_loss(const Column& source, const mysql::ColumnSchema& target) {
  if (is_special(target.data_type)) {
    return fmt::format(
        "column {} is {} there, and values of that type are not carried: make it BINARY or CHAR on both sides, or "
        "leave "
        "the table out",
        target.name, target.column_type);
  }
  const bool source_is_bytes = source.charset == "binary";
  if (source_is_bytes) {
    // BINARY fills what is shorter with zeros, which nobody can tell from the source's own.
    const bool fills =
        target.data_type == "binary" && !(source.type == ColumnType::kChar && source.length == target.length_bytes);
    return is_bytes(target.data_type) && !fills ? std::nullopt : differs(target);
  }
  if (target.data_type == "json") return std::nullopt;
  // An ENUM takes text that looks like a number for an index.
  if (!is_plain_string(target.data_type)) return differs(target);
  // CHAR strips the spaces at the end, which VARCHAR and TEXT keep.
  if (target.data_type == "char" && source.type != ColumnType::kChar) return differs(target);
  // Spaces beyond the length are cut with no more than a note; a CHAR has none at its end.
  if (source.type == ColumnType::kChar) return std::nullopt;
  const bool is_sized = target.data_type == "varchar";
  const std::uint64_t there = is_sized ? target.length_characters : target.length_bytes;
  const std::uint64_t wanted = characters_max(source);
  if (there >= wanted) return std::nullopt;
  return fmt::format("column {} holds {} {}, the source's holds {} characters: spaces at the end would be cut",
                     target.name, there, is_sized ? "characters" : "bytes", wanted);
}

// As the servers read it: blanks, a sign, digits.
bool looks_like_number(std::string_view label) {
  label.remove_prefix(std::min(label.find_first_not_of(" \t\n\v\f\r"), label.size()));
  if (label.starts_with('+') || label.starts_with('-')) label.remove_prefix(1);
  return !label.empty() && label.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

// A label that the target's ENUM or SET lacks is an error there, but for one that looks like a number (that is an index
// or a set of bits), and for one that the collation finds equal to another: 'a' becomes 'A'.
std::optional<std::string> label_loss(const Column& source, const mysql::ColumnSchema& target,
                                      std::string_view wanted) {
  if (is_plain_string(target.data_type)) return std::nullopt;
  if (target.data_type != wanted) return differs(target);
  const std::vector<std::string> there = target.labels();
  for (const std::string& bytes : source.labels) {
    const auto text = mysql::utf8_text(bytes, source.charset);
    if (!text) {
      return fmt::format("column {} has labels in the character set {} at the source, which cannot be compared with {}",
                         target.name, source.charset, target.column_type);
    }
    const std::string& label = *text;
    if (std::ranges::find(there, label) != there.end()) continue;
    const bool may_be_another =
        !is_ascii(label) || label.ends_with(' ') || std::ranges::any_of(there, [&](const std::string& candidate) {
          return !is_ascii(candidate) || mysql::same_name(candidate, label);
        });
    if (!looks_like_number(label) && !may_be_another) continue;
    return fmt::format("column {} is {} there, without the source's label '{}'", target.name, target.column_type,
                       label);
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t characters_max(const Column& source) {
  if (source.type != ColumnType::kText) return source.length / bytes_a_character(source.charset);
  return source.length >= 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * source.length)) - 1;
}

std::optional<std::string> silent_loss(const Column& source, const mysql::ColumnSchema& target) {
  const std::string& type = target.data_type;
  switch (source.type) {
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint:
      // What a floating column keeps of their bits: 24 and 53, of those that a type has.
      if (type == "float" && info_of(source.type).bits > 16) return differs(target);
      if (type == "double" && info_of(source.type).bits > 32) return differs(target);
      // A negative number is its 64 bits there.
      if (type == "bit" && !source.is_unsigned) return differs(target);
      // Years, temporals, ENUM and SET take a number for something else.
      return is_number(type) || is_plain_string(type) || type == "json" ? std::nullopt : differs(target);
    case ColumnType::kDecimal:
      if (type != "decimal") return differs(target);
      if (target.scale >= source.scale) return std::nullopt;
      return fmt::format("column {} keeps {} digits after the point, the source's has {}", target.name, target.scale,
                         source.scale);
    case ColumnType::kFloat: return type == "float" || type == "double" ? std::nullopt : differs(target);
    case ColumnType::kDouble: return type == "double" ? std::nullopt : differs(target);
    case ColumnType::kBit: return type == "bit" || is_integer(type) ? std::nullopt : differs(target);
    case ColumnType::kYear:
      if (target.column_type == "year(2)") return differs(target);  // 1901 becomes 2001
      return type == "year" || is_integer(type) ? std::nullopt : differs(target);
    case ColumnType::kDate: return temporal_loss(source, target, "date");
    case ColumnType::kTime: return temporal_loss(source, target, "time");
    case ColumnType::kDatetime: return temporal_loss(source, target, "datetime");
    case ColumnType::kTimestamp: return temporal_loss(source, target, "timestamp");
    case ColumnType::kChar:
    case ColumnType::kVarchar:
    case ColumnType::kText: return string_loss(source, target);
    case ColumnType::kEnum: return label_loss(source, target, "enum");
    case ColumnType::kSet: return label_loss(source, target, "set");
    case ColumnType::kJson: return type == "json" || is_plain_string(type) ? std::nullopt : differs(target);
  }
  return differs(target);
}

/// Of all sets of both servers two put another character for what they lack: tis620 for those from U+10000 on, cp932
/// for U+6661. Tried with all characters.
std::optional<std::string> charset_loss(const Column& source, const mysql::ColumnSchema& target) {
  const std::string_view from = source.type == ColumnType::kJson ? "utf8mb4" : std::string_view(source.charset);
  if (!is_plain_string(target.data_type) || from == target.charset) return std::nullopt;
  const std::uint64_t bytes = bytes_a_character(from);
  if (!(target.charset == "tis620" && bytes >= 4) && !(target.charset == "cp932" && bytes >= 2)) return std::nullopt;
  return fmt::format(
      "column {} is of character set {} here, which puts other characters for some that it lacks, without a word: make "
      "it utf8mb4, or of the source's {}",
      target.name, target.charset, from);
}

}  // namespace farshore::apply
