#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/own_schemas.hpp"
#include "mysql/connection.hpp"

/// Tables of the farshore schema, for who has to name one. Their SQL is in this library alone.
namespace farshore::store {

inline constexpr std::string_view kProgressTable = kMarkerTable;
inline constexpr std::string_view kChannelOffsetTable = "channel_offset";
inline constexpr std::string_view kParkedTable = "parked";
inline constexpr std::string_view kMismatchTable = "mismatch";
inline constexpr std::string_view kEqualityTable = "equality";
inline constexpr std::string_view kToldDoubtTable = "told_doubt";
inline constexpr std::string_view kAddedColumnTable = "added_column";

/// The tables that are there, by name.
[[nodiscard]] std::expected<std::vector<std::string>, mysql::SqlError> read_tables(mysql::Connection& connection);

}  // namespace farshore::store
