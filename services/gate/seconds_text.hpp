#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>

namespace farshore::gate {

/// "12.3 s"
[[nodiscard]] inline std::string seconds_text(std::chrono::microseconds duration) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(duration).count());
}

}  // namespace farshore::gate
