#pragma once

#include <cstdint>
#include <string_view>

namespace farshore::binlog {

/// The CRC-32 of zlib and of the binlog's checksums, by carry-less multiplication where the processor has it: with
/// zlib's own it would cost twice what the decoding of the rows does.
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes);

}  // namespace farshore::binlog
