#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/column_type.hpp"

namespace farshore {

/// One column as the source described it with the row.
struct Column {
  std::string name;  ///< UTF-8
  ColumnType type{};
  bool is_unsigned = false;
  bool nullable = false;
  std::uint32_t length =
      0;  ///< CHAR, VARCHAR: bytes; TEXT: bytes of its length prefix (1 to 4); BIT: bits; DECIMAL: precision
  std::uint32_t scale = 0;          ///< DECIMAL: digits after the point; temporal: digits of a second's fraction
  std::uint32_t collation = 0;      ///< the source's collation id; 0: none
  std::string charset;              ///< the source's name of the character set; "binary" for bytes; empty: none
  std::vector<std::string> labels;  ///< ENUM, SET: in the column's character set

  friend bool operator==(const Column&, const Column&) = default;
};

/// A table as it was when a row of it changed.
struct TableShape {
  std::string schema;
  std::string name;
  std::vector<Column> columns;
  std::vector<std::uint32_t> key;  ///< indexes of the primary key's columns, in the key's order; empty: no primary key

  [[nodiscard]] std::string full_name() const { return schema + "." + name; }
  friend bool operator==(const TableShape&, const TableShape&) = default;
};

}  // namespace farshore
