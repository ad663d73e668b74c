#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/column_constant.hpp"
#include "base/numbers.hpp"
#include "base/table_name.hpp"
#include "mysql/connection.hpp"

namespace farshore::store {

/// A column that an origin has added with one constant for all rows, and that was not here then: a row of
/// farshore.added_column.
struct AwaitedColumn {
  std::string origin;
  std::string stream;
  TableName table;
  AddedColumn column;
  EpochId epoch;  ///< which begins right behind the statement

  friend bool operator==(const AwaitedColumn&, const AwaitedColumn&) = default;
};

/// Takes the place of what was awaited under its name before. Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> await_column(mysql::Connection& connection, std::string_view region,
                                                                const AwaitedColumn& awaited);
/// By table. None where the table that keeps them is not there yet.
[[nodiscard]] std::expected<std::vector<AwaitedColumn>, mysql::SqlError> read_awaited(mysql::Connection& connection,
                                                                                      std::string_view region);
/// And what was awaited under its name before. Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> forget_awaited(mysql::Connection& connection,
                                                                  std::string_view region,
                                                                  const AwaitedColumn& awaited);

}  // namespace farshore::store
