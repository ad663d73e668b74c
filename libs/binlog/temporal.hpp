#pragma once

#include <cstddef>
#include <cstdint>

namespace farshore::binlog {

/// "-838:59:59.123456" and "9999-12-31 23:59:59.123456", rounded up.
inline constexpr std::size_t kTemporalTextBytesMax = 32;

/// The packed forms that row images and JSON documents share: `whole << 24 | microseconds`, negative times negated.
/// whole of a DATETIME: (year * 13 + month) << 22 | day << 17 | hour << 12 | minute << 6 | second; of a TIME:
/// hour << 12 | minute << 6 | second. Source: MySQL "TIME_to_longlong_packed".
///
/// Each writes the text with `digits` (0 to 6) of the fraction to `text`, which has room for kTemporalTextBytesMax, and
/// gives its length, 0 when it is no such value. Zero and partly zero dates are values.
[[nodiscard]] std::size_t put_datetime(std::int64_t packed, std::uint32_t digits, char* text);
[[nodiscard]] std::size_t put_time(std::int64_t packed, std::uint32_t digits, char* text);
/// The date of a packed DATETIME alone.
[[nodiscard]] std::size_t put_date(std::int64_t packed, char* text);

}  // namespace farshore::binlog
