#pragma once

#include <string_view>

namespace farshore::common {

/// "0.1.0", CMake's project version.
inline constexpr std::string_view kVersion = FARSHORE_VERSION;

}  // namespace farshore::common
