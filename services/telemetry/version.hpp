#pragma once

#include <string_view>

namespace farshore::service {

/// "0.1.0", CMake's project version.
inline constexpr std::string_view kVersion = FARSHORE_VERSION;

}  // namespace farshore::service
