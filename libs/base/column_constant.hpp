#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farshore {

/// What a statement that adds a column puts into it, in all rows that are there.
struct ColumnConstant {
  enum class Kind : std::uint8_t {
    kNull,
    kNumber,  ///< `text` is as SQL writes it, without blanks: "-1.50", "1e3"
    kText,    ///< `text` is its characters in UTF-8, or its bytes
  };
  Kind kind = Kind::kNull;
  std::string text;

  friend bool operator==(const ColumnConstant&, const ColumnConstant&) = default;
};

/// Of hexadecimal (`base` 16) or binary digits (2), without what introduces them: a number, or bytes with zeros before
/// them where the first is not whole. Nothing: other digits, or a number above 64 bits.
[[nodiscard]] std::optional<ColumnConstant> constant_of_digits(std::string_view digits, int base, bool as_number);

/// A column that a statement adds with one constant for all rows.
struct AddedColumn {
  std::string name;  ///< in UTF-8
  ColumnConstant constant;
  /// As the statement has it and information_schema writes it, as far as it decides what the constant means in it:
  /// "decimal(3,1)". Empty: it does not matter (NULL), or is not known.
  std::string type;

  friend bool operator==(const AddedColumn&, const AddedColumn&) = default;
};

}  // namespace farshore
