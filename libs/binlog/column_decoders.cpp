#include "binlog/column_decoders.hpp"

#include <cstring>

#include "base/check.hpp"
#include "binlog/big_endian.hpp"
#include "binlog/json_text.hpp"
#include "binlog/text_arena.hpp"

namespace farshore::binlog {
namespace {

template <typename T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T>
const char* decode_signed(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                          Value& value) {
  if (!fits(at, end, sizeof(T))) return nullptr;
  value = Value::of_int(load<T>(at));
  return at + sizeof(T);
}

template <typename T>
const char* decode_unsigned(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                            Value& value) {
  if (!fits(at, end, sizeof(T))) return nullptr;
  value = Value::of_uint(load<T>(at));
  return at + sizeof(T);
}

const char* decode_signed_24(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                             Value& value) {
  if (!fits(at, end, 3)) return nullptr;
  const auto raw = static_cast<std::uint32_t>(read_little_endian(at, 3));
  value = Value::of_int(static_cast<std::int32_t>(raw << 8) >> 8);
  return at + 3;
}

const char* decode_float(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                         Value& value) {
  if (!fits(at, end, sizeof(float))) return nullptr;
  value = Value::of_float(load<float>(at));
  return at + sizeof(float);
}

const char* decode_double(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                          Value& value) {
  if (!fits(at, end, sizeof(double))) return nullptr;
  value = Value::of_double(load<double>(at));
  return at + sizeof(double);
}

const char* decode_year(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                        Value& value) {
  if (!fits(at, end, 1)) return nullptr;
  const auto years = static_cast<std::uint8_t>(*at);
  value = Value::of_uint(years == 0 ? 0 : 1900U + years);
  return at + 1;
}

const char* decode_bits(const ColumnPlan& plan, const char* at, const char* end, TextArena& /*arena*/, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  value = Value::of_uint(read_big_endian(at, plan.size));
  return at + plan.size;
}

const char* decode_mask(const ColumnPlan& plan, const char* at, const char* end, TextArena& /*arena*/, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  value = Value::of_uint(read_little_endian(at, plan.size));
  return at + plan.size;
}

template <std::size_t kPrefix>
const char* decode_string(const ColumnPlan& /*plan*/, const char* at, const char* end, TextArena& /*arena*/,
                          Value& value) {
  if (!fits(at, end, kPrefix)) return nullptr;
  const std::uint64_t size = read_little_endian(at, kPrefix);
  at += kPrefix;
  if (!fits(at, end, size)) return nullptr;
  value = Value::of_bytes({at, size});
  return at + size;
}

const char* decode_binary(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  const std::size_t prefix = plan.size > 255 ? 2 : 1;
  if (!fits(at, end, prefix)) return nullptr;
  const std::uint64_t logged = read_little_endian(at, prefix);
  at += prefix;
  if (logged > plan.size || !fits(at, end, logged)) return nullptr;
  if (logged == plan.size) {
    value = Value::of_bytes({at, logged});
  } else {
    char* padded = arena.reserve(plan.size);
    std::memcpy(padded, at, logged);
    std::memset(padded + logged, 0, plan.size - logged);
    value = Value::of_bytes(arena.commit(plan.size));
  }
  return at + logged;
}

const char* decode_json(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena, Value& value) {
  if (!fits(at, end, plan.size)) return nullptr;
  const std::uint64_t size = read_little_endian(at, plan.size);
  at += plan.size;
  if (!fits(at, end, size)) return nullptr;
  std::string& text = arena.scratch();
  text.clear();
  if (!append_json_text({at, size}, text)) return nullptr;
  value = Value::of_text(arena.copy(text));
  return at + size;
}

ColumnPlan plan_of(ColumnDecoder decode, std::uint32_t size = 0) { return {.decode = decode, .size = size}; }

}  // namespace

ColumnPlan integer_plan(std::uint32_t width, bool is_unsigned) {
  switch (width) {
    case 1: return plan_of(is_unsigned ? decode_unsigned<std::uint8_t> : decode_signed<std::int8_t>);
    case 2: return plan_of(is_unsigned ? decode_unsigned<std::uint16_t> : decode_signed<std::int16_t>);
    case 3: return is_unsigned ? plan_of(decode_mask, 3) : plan_of(decode_signed_24);
    case 4: return plan_of(is_unsigned ? decode_unsigned<std::uint32_t> : decode_signed<std::int32_t>);
    default:
      FARSHORE_CHECK(width == 8);
      return plan_of(is_unsigned ? decode_unsigned<std::uint64_t> : decode_signed<std::int64_t>);
  }
}

ColumnPlan float_plan() { return plan_of(decode_float); }
ColumnPlan double_plan() { return plan_of(decode_double); }
ColumnPlan year_plan() { return plan_of(decode_year); }

ColumnPlan bit_plan(std::uint32_t bits) {
  FARSHORE_CHECK(bits >= 1 && bits <= 64);
  return plan_of(decode_bits, (bits + 7) / 8);
}

ColumnPlan mask_plan(std::uint32_t width) {
  FARSHORE_CHECK(width >= 1 && width <= 8);
  return plan_of(decode_mask, width);
}

ColumnPlan string_plan(std::uint32_t prefix) {
  switch (prefix) {
    case 1: return plan_of(decode_string<1>);
    case 2: return plan_of(decode_string<2>);
    case 3: return plan_of(decode_string<3>);
    default: FARSHORE_CHECK(prefix == 4); return plan_of(decode_string<4>);
  }
}

ColumnPlan binary_plan(std::uint32_t size) { return plan_of(decode_binary, size); }

ColumnPlan json_plan(std::uint32_t prefix) {
  FARSHORE_CHECK(prefix >= 1 && prefix <= 4);
  return plan_of(decode_json, prefix);
}

}  // namespace farshore::binlog
