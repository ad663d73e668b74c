#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/column_constant.hpp"
#include "binlog/sql_tokens.hpp"

namespace farshore::binlog {

/// Whether the clauses of an ALTER TABLE, which stand behind the table's name, keep the values of all rows, or set a
/// new column to what is the same wherever the statement is run. A clause that is not known to is taken not to.
struct AlterEffect {
  bool changes_rows = false;
  std::string what;  ///< changes_rows: the clause, for people; keywords alone
  /// Else: the columns that it adds with a constant.
  std::vector<AddedColumn> added{};
};
/// The what of a column that may have another value in other rows or elsewhere.
inline constexpr std::string_view kAddsColumn =
    "ALTER TABLE ... ADD of a column whose value may differ by row or by server";
[[nodiscard]] AlterEffect effect_of_alter(std::span<const SqlToken> clauses, const SqlDialect& dialect);

/// The names behind DROP FOREIGN KEY and DROP CONSTRAINT, as they were written.
[[nodiscard]] std::vector<std::string> dropped_constraints(std::span<const SqlToken> clauses);

/// Whether one of those is dropped IF EXISTS.
[[nodiscard]] bool drops_if_exists(std::span<const SqlToken> clauses);

/// Of CHANGE and RENAME COLUMN, the old name and another new one, as they were written.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> renamed_columns(std::span<const SqlToken> clauses);

/// Whether a table of this engine begins empty, whatever else there is, and keeps the rows that are logged of it. Those
/// of others show rows of elsewhere, or none.
[[nodiscard]] bool engine_begins_empty(const SqlToken& engine);

}  // namespace farshore::binlog
