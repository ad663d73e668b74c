#include "mysql/schema_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace farshore::mysql {
namespace {

/// What a type's name alone decides. `prefix`: of TEXT and BLOB, bytes of the length.
struct NamedType {
  std::string_view name;
  ColumnType type;
  std::uint32_t prefix = 0;
};
constexpr std::array kTypes{
    NamedType{"tinyint", ColumnType::kTinyint},
    NamedType{"smallint", ColumnType::kSmallint},
    NamedType{"mediumint", ColumnType::kMediumint},
    NamedType{"int", ColumnType::kInt},
    NamedType{"bigint", ColumnType::kBigint},
    NamedType{"decimal", ColumnType::kDecimal},
    NamedType{"float", ColumnType::kFloat},
    NamedType{"double", ColumnType::kDouble},
    NamedType{"bit", ColumnType::kBit},
    NamedType{"year", ColumnType::kYear},
    NamedType{"date", ColumnType::kDate},
    NamedType{"time", ColumnType::kTime},
    NamedType{"datetime", ColumnType::kDatetime},
    NamedType{"timestamp", ColumnType::kTimestamp},
    NamedType{"char", ColumnType::kChar},
    NamedType{"binary", ColumnType::kChar},
    NamedType{"varchar", ColumnType::kVarchar},
    NamedType{"varbinary", ColumnType::kVarchar},
    NamedType{"tinytext", ColumnType::kText, 1},
    NamedType{"tinyblob", ColumnType::kText, 1},
    NamedType{"text", ColumnType::kText, 2},
    NamedType{"blob", ColumnType::kText, 2},
    NamedType{"mediumtext", ColumnType::kText, 3},
    NamedType{"mediumblob", ColumnType::kText, 3},
    NamedType{"longtext", ColumnType::kText, 4},
    NamedType{"longblob", ColumnType::kText, 4},
    NamedType{"enum", ColumnType::kEnum},
    NamedType{"set", ColumnType::kSet},
    NamedType{"json", ColumnType::kJson, 4},
    // MariaDB logs them as binary strings.
    NamedType{"uuid", ColumnType::kChar, 16},
    NamedType{"inet6", ColumnType::kChar, 16},
    NamedType{"inet4", ColumnType::kChar, 4},
};

bool takes_length(ColumnType type) { return type == ColumnType::kChar || type == ColumnType::kVarchar; }

// Compressed columns and temporals of before MySQL 5.6 have type codes of their own.
bool is_stored_oddly(const ColumnSchema& column) {
  return column.column_type.contains("COMPRESSED") || column.column_type.contains("5.5 binary format") ||
         column.column_type.contains("mariadb-5.3");
}

std::expected<Column, std::string> column_of(const ColumnSchema& from, ServerKind kind) {
  const auto* const named = std::ranges::find(kTypes, from.data_type, &NamedType::name);
  if (named == kTypes.end() || is_stored_oddly(from)) {
    return std::unexpected(fmt::format("column {} has type {}, which cannot be read yet; leave the table out",
                                       from.name, from.column_type));
  }
  Column column;
  column.name = from.name;
  column.type = named->type;
  column.is_unsigned = from.is_unsigned;
  column.nullable = from.nullable;
  column.length = named->prefix;
  if (takes_length(column.type) && named->prefix == 0) column.length = static_cast<std::uint32_t>(from.length_bytes);
  if (column.type == ColumnType::kDecimal || column.type == ColumnType::kBit) column.length = from.precision;
  if (info_of(column.type).has_fraction) column.scale = from.scale;
  const TypeFamily family = family_of(column.type);
  if (family == TypeFamily::kLabels) column.labels = from.labels();
  if (family != TypeFamily::kLabels && family != TypeFamily::kString) return column;
  const Collation& collation = find_collation(kind, from.collation.empty() ? "binary" : from.collation);
  if (collation.name.empty()) {
    return std::unexpected(
        fmt::format("column {} has collation {}, which this version of Farshore does not know; leave the table out, or "
                    "take a newer version",
                    from.name, from.collation));
  }
  column.collation = collation.id;
  column.charset = collation.charset;
  return column;
}

}  // namespace

std::expected<TableShape, std::string> shape_of(const TableSchema& table, ServerKind kind) {
  TableShape shape{.schema = table.schema, .name = table.name, .columns = {}, .key = {}};
  for (const ColumnSchema& from : table.columns) {
    auto column = column_of(from, kind);
    if (!column) return std::unexpected(std::move(column.error()));
    shape.columns.push_back(std::move(*column));
  }
  for (const std::string& name : table.primary_key) {
    const auto found = std::ranges::find_if(shape.columns, [&](const Column& c) { return same_name(c.name, name); });
    if (found != shape.columns.end()) shape.key.push_back(static_cast<std::uint32_t>(found - shape.columns.begin()));
  }
  return shape;
}

}  // namespace farshore::mysql
