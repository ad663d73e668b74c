#include "store/tables.hpp"

#include <fmt/format.h>

namespace farshore::store {

std::expected<std::vector<std::string>, mysql::SqlError> read_tables(mysql::Connection& connection) {
  const auto rows = connection.query(fmt::format(
      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' ORDER BY TABLE_NAME", kOwnSchema));
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> tables;
  for (std::size_t row = 0; row < rows->size(); ++row) tables.push_back(rows->text(row, 0));
  return tables;
}

}  // namespace farshore::store
