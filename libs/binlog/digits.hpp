#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace farshore::binlog {

/// "00" to "99", two characters each.
inline constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> pairs{};
  for (unsigned i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

/// Writes `value`, which is below 100, as two digits.
inline char* put_two(char* to, std::uint32_t value) {
  std::memcpy(to, &kTwoDigits[2 * value], 2);
  return to + 2;
}

/// Writes the last `count` decimal digits of `value`, leading zeros included.
inline char* put_digits(char* to, std::uint32_t value, std::uint32_t count) {
  char* at = to + count;
  while (at - to >= 2) {
    at -= 2;
    put_two(at, value % 100);
    value /= 100;
  }
  if (at > to) *--at = static_cast<char>('0' + value % 10);
  return to + count;
}

}  // namespace farshore::binlog
