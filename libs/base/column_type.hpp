#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace farshore {

/// The column types of `farshore.v1.ColumnType`, with its numbers.
enum class ColumnType : std::uint8_t {
  kTinyint = 1,
  kSmallint = 2,
  kMediumint = 3,
  kInt = 4,
  kBigint = 5,
  kDecimal = 6,
  kFloat = 7,
  kDouble = 8,
  kBit = 9,
  kYear = 10,
  kDate = 11,
  kTime = 12,
  kDatetime = 13,
  kTimestamp = 14,
  kChar = 15,
  kVarchar = 16,
  kText = 17,
  kEnum = 18,
  kSet = 19,
  kJson = 20,
};

/// Types whose values are alike. Code that treats several types the same way asks for their family: no ranges of types.
enum class TypeFamily : std::uint8_t {
  kInteger,   ///< TINYINT to BIGINT
  kDecimal,   ///< DECIMAL
  kReal,      ///< FLOAT, DOUBLE
  kBit,       ///< BIT
  kYear,      ///< YEAR
  kTemporal,  ///< DATE, TIME, DATETIME, TIMESTAMP
  kString,    ///< CHAR, VARCHAR, TEXT, and with the character set "binary" BINARY, VARBINARY, BLOB
  kLabels,    ///< ENUM, SET
  kJson,      ///< MySQL's JSON; MariaDB's is TEXT
};

struct TypeInfo {
  ColumnType type{};
  TypeFamily family{};
  std::string_view name;         ///< as SQL has it
  std::string_view binary_name;  ///< with the character set "binary"
  std::uint32_t bits = 0;        ///< integers: how many they have; else 0
  bool has_fraction = false;     ///< a column of it has a number of digits after the point, Column::scale
};

/// Every type once, in the order of the numbers, which begin at 1.
inline constexpr std::array kColumnTypes{
    TypeInfo{ColumnType::kTinyint, TypeFamily::kInteger, "TINYINT", "TINYINT", 8},
    TypeInfo{ColumnType::kSmallint, TypeFamily::kInteger, "SMALLINT", "SMALLINT", 16},
    TypeInfo{ColumnType::kMediumint, TypeFamily::kInteger, "MEDIUMINT", "MEDIUMINT", 24},
    TypeInfo{ColumnType::kInt, TypeFamily::kInteger, "INT", "INT", 32},
    TypeInfo{ColumnType::kBigint, TypeFamily::kInteger, "BIGINT", "BIGINT", 64},
    TypeInfo{ColumnType::kDecimal, TypeFamily::kDecimal, "DECIMAL", "DECIMAL", 0, true},
    TypeInfo{ColumnType::kFloat, TypeFamily::kReal, "FLOAT", "FLOAT"},
    TypeInfo{ColumnType::kDouble, TypeFamily::kReal, "DOUBLE", "DOUBLE"},
    TypeInfo{ColumnType::kBit, TypeFamily::kBit, "BIT", "BIT"},
    TypeInfo{ColumnType::kYear, TypeFamily::kYear, "YEAR", "YEAR"},
    TypeInfo{ColumnType::kDate, TypeFamily::kTemporal, "DATE", "DATE"},
    TypeInfo{ColumnType::kTime, TypeFamily::kTemporal, "TIME", "TIME", 0, true},
    TypeInfo{ColumnType::kDatetime, TypeFamily::kTemporal, "DATETIME", "DATETIME", 0, true},
    TypeInfo{ColumnType::kTimestamp, TypeFamily::kTemporal, "TIMESTAMP", "TIMESTAMP", 0, true},
    TypeInfo{ColumnType::kChar, TypeFamily::kString, "CHAR", "BINARY"},
    TypeInfo{ColumnType::kVarchar, TypeFamily::kString, "VARCHAR", "VARBINARY"},
    TypeInfo{ColumnType::kText, TypeFamily::kString, "TEXT", "BLOB"},
    TypeInfo{ColumnType::kEnum, TypeFamily::kLabels, "ENUM", "ENUM"},
    TypeInfo{ColumnType::kSet, TypeFamily::kLabels, "SET", "SET"},
    TypeInfo{ColumnType::kJson, TypeFamily::kJson, "JSON", "JSON"},
};
static_assert(std::ranges::all_of(kColumnTypes, [](const TypeInfo& one) {
  return &one - kColumnTypes.data() + 1 == static_cast<std::ptrdiff_t>(one.type);
}));

[[nodiscard]] constexpr const TypeInfo& info_of(ColumnType type) {
  return kColumnTypes[static_cast<std::size_t>(type) - 1];
}
[[nodiscard]] constexpr TypeFamily family_of(ColumnType type) { return info_of(type).family; }

}  // namespace farshore
