#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "apply/target_table.hpp"

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

/// Bits of precision that an integer needs and a floating column keeps.
int integer_bits(ColumnType type) {
  switch (type) {
    case ColumnType::kTinyint: return 8;
    case ColumnType::kSmallint: return 16;
    case ColumnType::kMediumint: return 24;
    case ColumnType::kInt: return 32;
    default: return 64;
  }
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

std::optional<std::string> string_loss(const Column& source, const mysql::ColumnSchema& target) {
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
  // Spaces beyond the length are cut with no more than a note.
  const bool sized = source.type != ColumnType::kText && (target.data_type == "char" || target.data_type == "varchar");
  if (sized && source.charset == target.charset && target.length_bytes < source.length) {
    return fmt::format("column {} holds {} bytes, the source's holds {}", target.name, target.length_bytes,
                       source.length);
  }
  return std::nullopt;
}

// As the servers read it: blanks, a sign, digits.
bool looks_like_number(std::string_view label) {
  label.remove_prefix(std::min(label.find_first_not_of(" \t\n\v\f\r"), label.size()));
  if (label.starts_with('+') || label.starts_with('-')) label.remove_prefix(1);
  return !label.empty() && label.find_first_not_of("0123456789") == std::string_view::npos;
}

// A label that the target's ENUM or SET lacks is an error there, but for one that looks like a number: that is an index
// or a set of bits.
std::optional<std::string> label_loss(const Column& source, const mysql::ColumnSchema& target,
                                      std::string_view wanted) {
  if (is_plain_string(target.data_type)) return std::nullopt;
  if (target.data_type != wanted) return differs(target);
  for (const std::string& label : source.labels) {
    if (looks_like_number(label) && !target.column_type.contains("'" + label + "'")) {
      return fmt::format("column {} is {} there, without the source's label '{}'", target.name, target.column_type,
                         label);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> silent_loss(const Column& source, const mysql::ColumnSchema& target) {
  const std::string& type = target.data_type;
  switch (source.type) {
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint:
      if (type == "float" && integer_bits(source.type) > 16) return differs(target);
      if (type == "double" && integer_bits(source.type) > 32) return differs(target);
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
    case ColumnType::kYear: return type == "year" || is_integer(type) ? std::nullopt : differs(target);
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

}  // namespace farshore::apply
