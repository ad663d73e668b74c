#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/collation.hpp"
#include "binlog/table_map.hpp"

namespace farshore::binlog {

/// More columns than any server allows.
inline constexpr std::size_t kColumnsMax = 4096;

/// The cheap first part of a TABLE_MAP body: enough to ask whether the table is captured.
struct TableMapHead {
  std::uint64_t table_id = 0;
  std::string_view definition;  ///< all that follows table id and flags: equal for equal tables
  std::string_view schema;
  std::string_view name;
  std::string_view columns;  ///< what follows the names
};

/// Views into `body`. Nothing: the bytes are no TABLE_MAP.
[[nodiscard]] std::expected<TableMapHead, std::string> parse_table_map_head(std::string_view body);

/// Reads the columns. Fills `map.shape`, `map.plan` and `map.prefix_columns` (`schema` and `name` are there already).
/// The error is a sentence that says what to mend.
[[nodiscard]] std::expected<void, std::string> parse_columns(ServerKind kind, std::string_view columns, TableMap& map);

}  // namespace farshore::binlog
