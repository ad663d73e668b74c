#pragma once

#include <cstddef>
#include <cstdint>

namespace farshore::binlog {

/// Whether `size` bytes are there, up to `end`.
[[nodiscard]] inline bool fits(const char* at, const char* end, std::size_t size) {
  return static_cast<std::size_t>(end - at) >= size;
}

/// A big-endian unsigned number of `width` bytes, 0 to 8. The bytes must be there.
[[nodiscard]] inline std::uint64_t read_big_endian(const char* at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | static_cast<std::uint8_t>(at[i]);
  return value;
}

/// A little-endian unsigned number of `width` bytes, 0 to 8. The bytes must be there.
[[nodiscard]] inline std::uint64_t read_little_endian(const char* at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i) value = value << 8 | static_cast<std::uint8_t>(at[i - 1]);
  return value;
}

}  // namespace farshore::binlog
