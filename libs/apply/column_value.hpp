#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/column_constant.hpp"
#include "mysql/schema.hpp"

namespace farshore::apply {

enum class ValueKind : std::uint8_t {
  kNull,
  kNumber,
  kMoment,  ///< a date, with a time or without
  kTime,
  kCharacters,
  kBytes,
  kOther,  ///< of a type that has no like
};

/// What a column holds: equal where two columns, of whatever types, hold one value.
struct ColumnValue {
  ValueKind kind = ValueKind::kNull;
  std::string text;

  friend bool operator==(const ColumnValue&, const ColumnValue&) = default;
};

/// Of its values that are not NULL.
[[nodiscard]] ValueKind value_kind(const mysql::ColumnSchema& column);

/// What the column's type makes of a constant: 1.5 is 2 in an INT. Nothing: it is not understood.
[[nodiscard]] std::optional<ColumnValue> value_in(const mysql::ColumnSchema& column, const ColumnConstant& constant);

/// SQL has a number so.
[[nodiscard]] bool is_number(std::string_view text);

}  // namespace farshore::apply
