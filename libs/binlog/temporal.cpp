// Temporals of MySQL 5.6 and MariaDB 10.1 and later. The whole part is big-endian, biased so that the bytes sort;
// the fraction follows in 0 to 3 bytes (1 or 2 digits in one, 3 or 4 in two, 5 or 6 in three).
//   DATE       3 bytes, little-endian: year << 9 | month << 5 | day
//   TIME(n)    3 bytes + fraction
//   DATETIME(n) 5 bytes + fraction
//   TIMESTAMP(n) 4 bytes, seconds since 1970 UTC + fraction
// Source: MySQL internals, "Date and Time Data Type Representation".

#include "binlog/temporal.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <string_view>

#include "base/check.hpp"
#include "binlog/big_endian.hpp"
#include "binlog/column_decoders.hpp"
#include "binlog/digits.hpp"
#include "binlog/text_arena.hpp"

namespace farshore::binlog {
namespace {

constexpr std::int64_t kFractionRange = 1 << 24;
constexpr std::array<std::uint32_t, 7> kMicrosOfLastDigit = {1000000, 100000, 10000, 1000, 100, 10, 1};

constexpr std::uint32_t fraction_bytes(std::uint32_t digits) { return (digits + 1) / 2; }

/// The fraction of `digits` digits at `at`, as microseconds.
std::uint32_t read_fraction(const char* at, std::uint32_t digits) {
  const std::uint32_t bytes = fraction_bytes(digits);
  return static_cast<std::uint32_t>(read_big_endian(at, bytes)) * kMicrosOfLastDigit[2 * bytes];
}

char* put_fraction(char* to, std::uint32_t micros, std::uint32_t digits) {
  if (digits == 0) return to;
  *to++ = '.';
  return put_digits(to, micros / kMicrosOfLastDigit[digits], digits);
}

char* put_date_fields(char* to, std::uint32_t year, std::uint32_t month, std::uint32_t day) {
  to = put_two(put_two(to, year / 100), year % 100);
  *to++ = '-';
  to = put_two(to, month);
  *to++ = '-';
  return put_two(to, day);
}

char* put_clock_fields(char* to, std::uint32_t hour, std::uint32_t minute, std::uint32_t second) {
  to = put_two(to, hour);
  *to++ = ':';
  to = put_two(to, minute);
  *to++ = ':';
  return put_two(to, second);
}

/// A packed DATETIME taken apart.
struct DatetimeFields {
  explicit DatetimeFields(std::int64_t packed)
      : micros(static_cast<std::uint32_t>(packed % kFractionRange)),
        clock(static_cast<std::uint32_t>((packed >> 24) & 0x1FFFF)),
        date(static_cast<std::uint64_t>(packed) >> 41) {}
  [[nodiscard]] std::uint32_t second() const { return clock & 63; }
  [[nodiscard]] std::uint32_t minute() const { return clock >> 6 & 63; }
  [[nodiscard]] std::uint32_t hour() const { return clock >> 12; }
  [[nodiscard]] std::uint32_t day() const { return static_cast<std::uint32_t>(date & 31); }
  [[nodiscard]] std::uint32_t month() const { return static_cast<std::uint32_t>((date >> 5) % 13); }
  [[nodiscard]] std::uint64_t year() const { return (date >> 5) / 13; }
  [[nodiscard]] bool ok() const {
    return year() <= 9999 && hour() <= 23 && minute() <= 59 && second() <= 59 && micros <= 999999;
  }
  std::uint32_t micros;
  std::uint32_t clock;
  std::uint64_t date;
};

/// Commits what a put function wrote.
bool take(TextArena& arena, std::size_t size, Value& value) {
  if (size == 0) return false;
  value = Value::of_text(arena.commit(size));
  return true;
}

const char* decode_date(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& arena, Value& value) {
  if (!fits(at, end, 3)) return nullptr;
  const auto stored = static_cast<std::uint32_t>(read_little_endian(at, 3));
  const std::uint32_t year = stored >> 9;
  const std::uint32_t month = stored >> 5 & 15;
  if (year > 9999 || month > 12) return nullptr;
  char* text = arena.reserve(kTemporalTextBytesMax);
  const char* after = put_date_fields(text, year, month, stored & 31);
  value = Value::of_text(arena.commit(static_cast<std::size_t>(after - text)));
  return at + 3;
}

const char* decode_datetime(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  constexpr std::int64_t kBias = std::int64_t{1} << 39;
  const std::int64_t whole = static_cast<std::int64_t>(read_big_endian(at, 5)) - kBias;
  if (whole < 0) return nullptr;
  const std::int64_t packed = whole << 24 | read_fraction(at + 5, plan.scale);
  const std::size_t size = put_datetime(packed, plan.scale, arena.reserve(kTemporalTextBytesMax));
  return take(arena, size, value) ? at + plan.size : nullptr;
}

/// A negative time's fraction is stored as the whole's: the bytes are one big-endian number, biased, whose fraction
/// part counts up from the next lower whole.
const char* decode_time(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  const std::uint32_t bytes = fraction_bytes(plan.scale);
  const std::int64_t bias = std::int64_t{0x800000} << (8 * bytes);
  const std::int64_t biased = static_cast<std::int64_t>(read_big_endian(at, 3 + bytes)) - bias;
  const bool is_negative = biased < 0;
  const std::int64_t size_of_time = is_negative ? -biased : biased;
  const std::int64_t whole = size_of_time >> (8 * bytes);
  const std::int64_t fraction = size_of_time & ((std::int64_t{1} << (8 * bytes)) - 1);
  const std::int64_t packed = whole << 24 | fraction * kMicrosOfLastDigit[2 * bytes];
  const std::size_t size = put_time(is_negative ? -packed : packed, plan.scale, arena.reserve(kTemporalTextBytesMax));
  return take(arena, size, value) ? at + plan.size : nullptr;
}

const char* decode_timestamp(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  const auto seconds = static_cast<std::uint32_t>(read_big_endian(at, 4));
  const std::uint32_t micros = read_fraction(at + 4, plan.scale);
  if (micros > 999999) return nullptr;
  char* text = arena.reserve(kTemporalTextBytesMax);
  char* to = text;
  if (seconds == 0 && micros == 0) {  // MariaDB can hold the first second's fractions
    constexpr std::string_view kZero = "0000-00-00 00:00:00";
    std::memcpy(to, kZero.data(), kZero.size());
    to += kZero.size();
  } else {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(seconds / 86400))};
    const std::uint32_t clock = seconds % 86400;
    to = put_date_fields(to, static_cast<std::uint32_t>(static_cast<int>(date.year())),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    *to++ = ' ';
    to = put_clock_fields(to, clock / 3600, clock / 60 % 60, clock % 60);
  }
  to = put_fraction(to, micros, plan.scale);
  value = Value::of_text(arena.commit(static_cast<std::size_t>(to - text)));
  return at + plan.size;
}

ColumnPlan temporal_plan(ColumnDecoder decode, std::uint32_t whole_bytes, std::uint32_t digits) {
  FARSHORE_CHECK(digits <= 6);
  return {.decode = decode,
          .size = whole_bytes + fraction_bytes(digits),
          .precision = 0,
          .scale = static_cast<std::uint16_t>(digits)};
}

}  // namespace

std::size_t put_datetime(std::int64_t packed, std::uint32_t digits, char* text) {
  if (packed < 0) return 0;
  const DatetimeFields fields(packed);
  if (!fields.ok()) return 0;
  char* to = put_date_fields(text, static_cast<std::uint32_t>(fields.year()), fields.month(), fields.day());
  *to++ = ' ';
  to = put_clock_fields(to, fields.hour(), fields.minute(), fields.second());
  return static_cast<std::size_t>(put_fraction(to, fields.micros, digits) - text);
}

std::size_t put_date(std::int64_t packed, char* text) {
  if (packed < 0) return 0;
  const DatetimeFields fields(packed);
  if (!fields.ok()) return 0;
  const char* to = put_date_fields(text, static_cast<std::uint32_t>(fields.year()), fields.month(), fields.day());
  return static_cast<std::size_t>(to - text);
}

std::size_t put_time(std::int64_t packed, std::uint32_t digits, char* text) {
  constexpr std::uint64_t kHoursMax = 838;
  const bool is_negative = packed < 0;
  const std::uint64_t size = is_negative ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
  const auto micros = static_cast<std::uint32_t>(size % static_cast<std::uint64_t>(kFractionRange));
  const std::uint64_t clock = size >> 24;
  const std::uint64_t hour = clock >> 12;
  const auto minute = static_cast<std::uint32_t>(clock >> 6 & 63);
  const auto second = static_cast<std::uint32_t>(clock & 63);
  if (hour > kHoursMax || minute > 59 || second > 59 || micros > 999999) return 0;
  char* to = text;
  if (is_negative) *to++ = '-';
  if (hour >= 100) *to++ = static_cast<char>('0' + hour / 100);
  to = put_clock_fields(to, static_cast<std::uint32_t>(hour % 100), minute, second);
  return static_cast<std::size_t>(put_fraction(to, micros, digits) - text);
}

ColumnPlan date_plan() { return {.decode = decode_date, .size = 3}; }
ColumnPlan time_plan(std::uint32_t digits) { return temporal_plan(decode_time, 3, digits); }
ColumnPlan datetime_plan(std::uint32_t digits) { return temporal_plan(decode_datetime, 5, digits); }
ColumnPlan timestamp_plan(std::uint32_t digits) { return temporal_plan(decode_timestamp, 4, digits); }

}  // namespace farshore::binlog
