#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

static_assert(std::endian::native == std::endian::little, "the formats are little-endian and read in place");

namespace farshore {

/// Reads little-endian numbers and byte ranges from untrusted bytes. Never reads past the end: a read that does not
/// fit returns zero or an empty view and makes `ok()` false for good, so one check at the end of a parse is enough.
/// Views point into the bytes given; the caller keeps those alive.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] bool done() const { return at_ == end_; }
  [[nodiscard]] std::string_view rest() const { return {at_, left()}; }

  /// A little-endian unsigned number of `width` bytes (1 to 8).
  template <std::unsigned_integral T>
  T number(std::size_t width = sizeof(T)) {
    T value = 0;
    if (left() < width || width > sizeof(T)) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, width);
    at_ += width;
    return value;
  }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u24() { return number<std::uint32_t>(3); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u48() { return number<std::uint64_t>(6); }
  std::uint64_t u64() { return number<std::uint64_t>(); }

  std::string_view bytes(std::size_t count) {
    if (left() < count) {
      fail();
      return {};
    }
    std::string_view out(at_, count);
    at_ += count;
    return out;
  }
  void skip(std::size_t count) { (void)bytes(count); }

  /// MySQL's length-encoded integer. 0xFB (NULL) and 0xFF are refused here.
  /// Source: MySQL protocol documentation, "Protocol::LengthEncodedInteger".
  std::uint64_t lenenc() {
    const std::uint8_t first = u8();
    switch (first) {
      case 0xFC: return u16();
      case 0xFD: return u24();
      case 0xFE: return u64();
      case 0xFB:
      case 0xFF: fail(); return 0;
      default: return first;
    }
  }

  /// A base-128 varint of at most 64 bits. Source: Protocol Buffers encoding.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (!ok_) return 0;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }

  void fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace farshore
