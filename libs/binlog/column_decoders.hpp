#pragma once

#include <cstdint>

#include "binlog/table_map.hpp"

/// How each column type is read from a row image. Sources: MySQL documentation of the binlog's "Rows_event" and
/// "Table_map_event"; MySQL "Date and Time Data Type Representation"; decimals and JSON in the files that read them.
namespace farshore::binlog {

/// Integers of 1, 2, 3, 4 or 8 bytes.
[[nodiscard]] ColumnPlan integer_plan(std::uint32_t width, bool is_unsigned);
[[nodiscard]] ColumnPlan float_plan();
[[nodiscard]] ColumnPlan double_plan();
[[nodiscard]] ColumnPlan year_plan();
/// BIT(bits): big-endian.
[[nodiscard]] ColumnPlan bit_plan(std::uint32_t bits);
/// ENUM: 1 or 2 bytes; SET: 1 to 8 bytes; little-endian.
[[nodiscard]] ColumnPlan mask_plan(std::uint32_t width);
/// CHAR, VARCHAR, TEXT, BLOB: a length of `prefix` bytes (1 to 4), then the bytes.
[[nodiscard]] ColumnPlan string_plan(std::uint32_t prefix);
/// BINARY(size): trailing zeros are not logged, and put back.
[[nodiscard]] ColumnPlan binary_plan(std::uint32_t size);
/// JSON as MySQL stores it: a length of `prefix` bytes, then the binary form.
[[nodiscard]] ColumnPlan json_plan(std::uint32_t prefix);

/// Temporals of MySQL 5.6 and MariaDB 10.1 and later; `digits` of a second's fraction, 0 to 6.
[[nodiscard]] ColumnPlan date_plan();
[[nodiscard]] ColumnPlan time_plan(std::uint32_t digits);
[[nodiscard]] ColumnPlan datetime_plan(std::uint32_t digits);
[[nodiscard]] ColumnPlan timestamp_plan(std::uint32_t digits);

/// DECIMAL(precision, scale): precision 1 to 65, scale 0 to 38 and not above precision.
[[nodiscard]] ColumnPlan decimal_plan(std::uint32_t precision, std::uint32_t scale);

}  // namespace farshore::binlog
