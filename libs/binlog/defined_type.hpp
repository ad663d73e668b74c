#pragma once

#include <optional>
#include <string>

#include "binlog/clause_words.hpp"
#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {

/// A column's type, as far as it decides what a constant means in it.
struct DefinedType {
  /// As information_schema writes it: "int", "decimal(3,1)", "enum('a','b')", in UTF-8. Numbers that only say how a
  /// value is shown are left out.
  std::string text;
  bool is_numeric = false;  ///< hexadecimal digits and bits are a number in it
};

/// The type that a column's definition begins with. Nothing: one that depends on the session, or that is not known
/// here. `definition` begins with the type's first word and goes on with its attributes.
[[nodiscard]] std::optional<DefinedType> defined_type(Tokens definition, const SqlDialect& dialect);

}  // namespace farshore::binlog
