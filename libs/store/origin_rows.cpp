#include "store/origin_rows.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/own_schemas.hpp"
#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::array<std::string_view, 10> kTables{"progress",     "channel_offset", "parked",    "parked_first",
                                                   "parked_try",   "conflict",       "statement", "told_doubt",
                                                   "added_column", "comparison"};

std::string where(std::string_view region, std::string_view origin) {
  return fmt::format("region={} AND origin={}", text_literal(region), text_literal(origin));
}

std::string columns_of(std::string_view table, const mysql::Rows& all) {
  std::string columns;
  for (std::size_t row = 0; row < all.size(); ++row) {
    if (all.text(row, 0) != table) continue;
    const std::string& column = all.text(row, 1);
    const std::string& type = all.text(row, 2);
    const bool is_bytes = type.ends_with("blob") || type.ends_with("binary");
    columns +=
        fmt::format("{}{}", columns.empty() ? "" : ", ", is_bytes ? fmt::format("HEX({0}) AS {0}", column) : column);
  }
  return columns;
}

}  // namespace

std::expected<std::vector<NotedTable>, SqlError> read_noted_tables(mysql::Connection& connection,
                                                                   std::string_view region, std::string_view origin) {
  const auto columns = connection.query(
      fmt::format("SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='{}' "
                  "ORDER BY TABLE_NAME, ORDINAL_POSITION",
                  kOwnSchema));
  if (!columns) return std::unexpected(columns.error());
  std::vector<NotedTable> tables;
  for (const std::string_view name : kTables) {
    NotedTable table{.name = std::string(name), .columns = columns_of(name, *columns)};
    if (table.columns.empty()) continue;
    const auto rows =
        connection.query(fmt::format("SELECT COUNT(*) FROM farshore.{} WHERE {}", name, where(region, origin)));
    if (!rows) return std::unexpected(rows.error());
    table.rows = rows->unsigned_integer(0, 0);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::expected<mysql::Rows, SqlError> read_noted_rows(mysql::Connection& connection, std::string_view region,
                                                     std::string_view origin, const NotedTable& table, std::size_t from,
                                                     std::size_t limit) {
  return connection.query(fmt::format("SELECT {} FROM farshore.{} WHERE {} ORDER BY 1, 2, 3, 4, 5, 6, 7 LIMIT {}, {}",
                                      table.columns, table.name, where(region, origin), from, limit));
}

std::expected<void, SqlError> delete_noted_rows(mysql::Connection& connection, std::string_view region,
                                                std::string_view origin, const NotedTable& table) {
  const auto deleted =
      connection.execute(fmt::format("DELETE FROM farshore.{} WHERE {}", table.name, where(region, origin)));
  if (!deleted) return std::unexpected(deleted.error());
  return {};
}

}  // namespace farshore::store
