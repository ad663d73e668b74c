#pragma once

#include <cstdint>
#include <string>

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

/// A column that a statement adds with one constant for all rows.
struct AddedColumn {
  std::string name;  ///< in UTF-8
  ColumnConstant constant;

  friend bool operator==(const AddedColumn&, const AddedColumn&) = default;
};

}  // namespace farshore
