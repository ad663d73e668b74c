#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/byte_reader.hpp"

/// The Protocol Buffers wire format as far as ChangeBatch needs it, written by hand because the generated classes
/// allocate for every row and value. Source: protobuf.dev, "Encoding".
namespace farshore::change::wire {

enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

[[nodiscard]] constexpr std::uint8_t tag(std::uint32_t field, Type type) {
  return static_cast<std::uint8_t>(field << 3 | static_cast<std::uint32_t>(type));
}

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t number) {
  return (static_cast<std::size_t>(std::bit_width(number | 1)) + 6) / 7;
}

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

inline char* put_byte(char* at, std::uint8_t byte) {
  *at = static_cast<char>(byte);
  return at + 1;
}
inline char* put_varint(char* at, std::uint64_t number) {
  while (number >= 0x80) {
    at = put_byte(at, static_cast<std::uint8_t>(number | 0x80));
    number >>= 7;
  }
  return put_byte(at, static_cast<std::uint8_t>(number));
}

inline constexpr std::size_t kVarintBytesMax = 10;

/// A field's number and type; `number` 0 is never valid.
struct Field {
  std::uint32_t number = 0;
  Type type = Type::kVarint;
};

inline Field read_field(ByteReader& reader) {
  const std::uint64_t raw = reader.varint();
  const std::uint64_t type = raw & 7;
  if (raw >> 32 != 0 || raw < 8 || !(type <= 2 || type == 5)) {
    reader.fail();
    return {};
  }
  return {static_cast<std::uint32_t>(raw >> 3), static_cast<Type>(type)};
}
inline std::uint32_t read_u32(ByteReader& reader) {
  const std::uint64_t number = reader.varint();
  if (number > 0xFFFF'FFFF) reader.fail();
  return static_cast<std::uint32_t>(number);
}
inline std::string_view read_bytes(ByteReader& reader) { return reader.bytes(reader.varint()); }

}  // namespace farshore::change::wire
