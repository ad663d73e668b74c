#pragma once

#include <cstddef>
#include <span>

#include "base/value.hpp"
#include "mysql/sql_error.hpp"

/// What queries for many rows by their keys have in common.
namespace farshore::apply {

/// MariaDB makes a join with a list of a thousand values or more, and locks rows that no key means; MySQL gives its
/// range up when it takes too much memory.
inline constexpr std::size_t kKeysMax = 500;
/// Of the rows that one query looks at, about.
inline constexpr std::size_t kImageBytes = 512 * 1024;

/// A text of characters that the column's character set lacks, or several whose sets do not go together in one list.
[[nodiscard]] inline bool cannot_be_compared(const mysql::SqlError& error) {
  return error.code == 1267 || error.code == 1270 || error.code == 1271;
}

[[nodiscard]] inline std::size_t size_of(std::span<const Value> row) {
  std::size_t bytes = 0;
  for (const Value& value : row) {
    if (value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText) bytes += value.bytes().size();
  }
  return bytes;
}

}  // namespace farshore::apply
