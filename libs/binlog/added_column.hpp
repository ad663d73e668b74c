#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/column_constant.hpp"
#include "binlog/sql_tokens.hpp"

namespace farshore::binlog {

/// What an ALTER TABLE says of a column that it adds.
struct DefinedColumn {
  std::string name;                        ///< in UTF-8
  std::optional<ColumnConstant> constant;  ///< nothing: it is generated where it is read
  std::string type;                        ///< as AddedColumn has it
};

/// Reads name, type and attributes. Nothing: what the rows that are there get may be another value in each of them, or
/// in another session or server; or it is not plain to see.
[[nodiscard]] std::optional<DefinedColumn> define_column(std::span<const SqlToken> definition,
                                                         const SqlDialect& dialect);

/// Two names of columns are one; ASCII letters are folded.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);

}  // namespace farshore::binlog
