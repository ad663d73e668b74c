#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace farshore {

/// The schema that is Farshore's own in every database. Never captured.
inline constexpr std::string_view kOwnSchema = "farshore";
/// Its table that holds the marker: a transaction whose first row change is on it was written by apply, and is an echo.
inline constexpr std::string_view kMarkerTable = "progress";

/// The schemas that every server has of its own.
inline constexpr std::array<std::string_view, 4> kServersSchemas = {"mysql", "sys", "information_schema",
                                                                    "performance_schema"};

/// By bytes.
[[nodiscard]] constexpr bool is_servers_schema(std::string_view schema) {
  return std::ranges::find(kServersSchemas, schema) != kServersSchemas.end();
}

}  // namespace farshore
