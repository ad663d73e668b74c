#pragma once

#include <optional>
#include <string>

#include "base/column_constant.hpp"
#include "mysql/schema.hpp"

namespace farshore::apply {

/// What rows that were there got in a column when it was added as it is here now, and what a row gets that is inserted
/// without it. Nothing: no constant, or not a plain one.
[[nodiscard]] std::optional<ColumnConstant> default_of(const mysql::ColumnSchema& column, bool is_mariadb);

/// The two columns hold one value where each has its constant.
[[nodiscard]] bool is_same(const mysql::ColumnSchema& at_origin, const ColumnConstant& a,
                           const mysql::ColumnSchema& here, const ColumnConstant& b);

/// How rows of before differ in a column that the origin has added so, for people: the constants are those of
/// statements, and no row's. Nothing: they do not.
[[nodiscard]] std::optional<std::string> why_other(const mysql::ColumnSchema& column, const AddedColumn& added,
                                                   bool is_mariadb);

}  // namespace farshore::apply
