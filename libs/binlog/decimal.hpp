#pragma once

#include <cstddef>
#include <cstdint>

namespace farshore::binlog {

/// Sign, 65 digits, a zero before the point, the point; rounded up.
inline constexpr std::size_t kDecimalTextBytesMax = 72;

/// DECIMAL(precision, scale) can be: at least one digit, at most 65, at most 38 of them after the point.
[[nodiscard]] constexpr bool is_decimal(std::uint32_t precision, std::uint32_t scale) {
  return precision >= 1 && precision <= 65 && scale <= 38 && scale <= precision;
}

/// Bytes that a stored DECIMAL(precision, scale) takes.
[[nodiscard]] std::size_t decimal_bytes(std::uint32_t precision, std::uint32_t scale);

/// Writes the stored number as the servers print it, with all digits after the point. `stored` has decimal_bytes(),
/// `text` has room for kDecimalTextBytesMax. Gives the text's length, 0 when the bytes are no such number.
[[nodiscard]] std::size_t put_decimal(const char* stored, std::uint32_t precision, std::uint32_t scale, char* text);

}  // namespace farshore::binlog
