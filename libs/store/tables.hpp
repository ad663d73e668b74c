#pragma once

#include <string_view>

#include "base/own_schemas.hpp"

/// Tables of the farshore schema, for who has to name one: the others are named in the statements of this library
/// alone.
namespace farshore::store {

inline constexpr std::string_view kProgressTable = kMarkerTable;
inline constexpr std::string_view kChannelOffsetTable = "channel_offset";
inline constexpr std::string_view kParkedTable = "parked";
inline constexpr std::string_view kMismatchTable = "mismatch";
inline constexpr std::string_view kEqualityTable = "equality";
inline constexpr std::string_view kToldDoubtTable = "told_doubt";

}  // namespace farshore::store
