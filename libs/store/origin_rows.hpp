#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"

/// Everything that is noted of an origin at a region, table by table: what goes when the origin begins anew. What was
/// said of equality is not in it: that is the history.
namespace farshore::store {

struct NotedTable {
  std::string name;     ///< without the schema
  std::string columns;  ///< as they are selected, bytes in hexadecimal
  std::uint64_t rows = 0;
};

/// The tables that are there; a schema of an earlier version has not all of them.
[[nodiscard]] std::expected<std::vector<NotedTable>, mysql::SqlError> read_noted_tables(mysql::Connection& connection,
                                                                                        std::string_view region,
                                                                                        std::string_view origin);
/// Up to `limit` of the table's rows from `from` on, in one order, with names.
[[nodiscard]] std::expected<mysql::Rows, mysql::SqlError> read_noted_rows(mysql::Connection& connection,
                                                                          std::string_view region,
                                                                          std::string_view origin,
                                                                          const NotedTable& table, std::size_t from,
                                                                          std::size_t limit);
/// Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> delete_noted_rows(mysql::Connection& connection,
                                                                     std::string_view region, std::string_view origin,
                                                                     const NotedTable& table);

}  // namespace farshore::store
