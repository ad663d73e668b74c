// DECIMAL as it is stored: the digits before and after the point apart, each in groups of nine digits in four bytes,
// the rest (leading before the point, trailing after it) in as few bytes as it needs, big-endian. The first bit is
// turned over so that the bytes sort; a negative number has all bits turned over. Source: MySQL "decimal2bin",
// described in strings/decimal.cc.

#include <array>
#include <cstring>

#include "base/check.hpp"
#include "binlog/big_endian.hpp"
#include "binlog/column_decoders.hpp"
#include "binlog/decimal.hpp"
#include "binlog/digits.hpp"
#include "binlog/text_arena.hpp"

namespace farshore::binlog {
namespace {

constexpr std::uint32_t kGroupDigits = 9;
constexpr std::array<std::uint8_t, 10> kBytesOfDigits = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<std::uint32_t, 10> kPowersOfTen = {1,      10,      100,      1000,      10000,
                                                        100000, 1000000, 10000000, 100000000, 1000000000};

/// Takes groups of digits off the stored bytes, each with its sign taken out.
class GroupReader {
 public:
  GroupReader(const char* at, bool is_negative) : at_(at), flip_(is_negative ? 0xFFFFFFFFU : 0) {}

  /// Appends the next `digits` (1 to 9) digits; false when the bytes are no such number.
  bool put(char*& to, std::uint32_t digits) {
    const std::size_t width = kBytesOfDigits[digits];
    auto group = static_cast<std::uint32_t>(read_big_endian(at_, width));
    const std::uint64_t beyond = std::uint64_t{1} << (8 * width);
    if (is_first_) group ^= static_cast<std::uint32_t>(beyond >> 1);
    group = (group ^ flip_) & static_cast<std::uint32_t>(beyond - 1);
    is_first_ = false;
    at_ += width;
    if (group >= kPowersOfTen[digits]) return false;
    to = put_digits(to, group, digits);
    return true;
  }

 private:
  const char* at_;
  const std::uint32_t flip_;
  bool is_first_ = true;
};

const char* decode_decimal(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  if (static_cast<std::size_t>(end - at) < plan.size) return nullptr;
  char* text = arena.reserve(kDecimalTextBytesMax);
  const std::size_t size = put_decimal(at, plan.precision, plan.scale, text);
  if (size == 0) return nullptr;
  value = Value::of_text(arena.commit(size));
  return at + plan.size;
}

}  // namespace

std::size_t decimal_bytes(std::uint32_t precision, std::uint32_t scale) {
  const std::uint32_t whole = precision - scale;
  return whole / kGroupDigits * 4 + kBytesOfDigits[whole % kGroupDigits] + scale / kGroupDigits * 4 +
         kBytesOfDigits[scale % kGroupDigits];
}

std::size_t put_decimal(const char* stored, std::uint32_t precision, std::uint32_t scale, char* text) {
  const bool is_negative = (*stored & 0x80) == 0;
  GroupReader groups(stored, is_negative);
  std::array<char, kDecimalTextBytesMax> digits;
  char* to = digits.data();
  const std::uint32_t whole = precision - scale;
  if (whole % kGroupDigits != 0 && !groups.put(to, whole % kGroupDigits)) return 0;
  for (std::uint32_t i = 0; i < whole / kGroupDigits; ++i) {
    if (!groups.put(to, kGroupDigits)) return 0;
  }
  const char* point = to;
  for (std::uint32_t i = 0; i < scale / kGroupDigits; ++i) {
    if (!groups.put(to, kGroupDigits)) return 0;
  }
  if (scale % kGroupDigits != 0 && !groups.put(to, scale % kGroupDigits)) return 0;

  const char* first = digits.data();
  while (first < point && *first == '0') ++first;
  char* out = text;
  if (is_negative) *out++ = '-';
  if (first == point) *out++ = '0';
  std::memcpy(out, first, static_cast<std::size_t>(point - first));
  out += point - first;
  if (scale > 0) {
    *out++ = '.';
    std::memcpy(out, point, scale);
    out += scale;
  }
  return static_cast<std::size_t>(out - text);
}

ColumnPlan decimal_plan(std::uint32_t precision, std::uint32_t scale) {
  FARSHORE_CHECK(is_decimal(precision, scale));
  return {.decode = decode_decimal,
          .size = static_cast<std::uint32_t>(decimal_bytes(precision, scale)),
          .precision = static_cast<std::uint16_t>(precision),
          .scale = static_cast<std::uint16_t>(scale)};
}

}  // namespace farshore::binlog
