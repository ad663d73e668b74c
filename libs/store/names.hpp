#pragma once

#include <string_view>

namespace farshore::store {

/// The schema that is Farshore's own in every database. Never captured.
inline constexpr std::string_view kSchemaName = "farshore";
/// A transaction whose first row change is on this table was written by apply: an echo.
inline constexpr std::string_view kProgressTable = "progress";

}  // namespace farshore::store
