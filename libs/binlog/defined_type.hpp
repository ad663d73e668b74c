#pragma once

#include <optional>
#include <string>

#include "binlog/clause_words.hpp"
#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {

/// The type that a column's definition begins with, as far as it decides what a constant means in it, and as
/// information_schema writes it: "int", "decimal(3,1)", "enum('a','b')", in UTF-8. Numbers that only say how a value is
/// shown are left out. Nothing: a type that depends on the session, or one that is not known here.
/// `definition` begins with the type's first word and goes on with its attributes.
[[nodiscard]] std::optional<std::string> defined_type(Tokens definition, const SqlDialect& dialect);

}  // namespace farshore::binlog
