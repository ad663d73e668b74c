#pragma once

#include <cstdint>
#include <string_view>

namespace farshore {

/// One value of a row on its way: decoded from a row image, or parsed from a batch. Bytes are a view: whoever makes
/// the value says how long they live. The kinds are those of `farshore.v1.Value`.
class Value {
 public:
  enum class Kind : std::uint8_t {
    kNull,
    kInt,     ///< signed integers
    kUint,    ///< unsigned integers, YEAR, BIT, ENUM (index), SET (mask)
    kFloat,   ///< FLOAT, bit for bit
    kDouble,  ///< DOUBLE, bit for bit
    kBytes,   ///< character data in the column's character set, or binary data
    kText,    ///< DECIMAL, temporals (ASCII), JSON (UTF-8)
  };

  constexpr Value() = default;
  static constexpr Value null() { return {}; }
  static constexpr Value of_int(std::int64_t number) {
    Value value(Kind::kInt);
    value.number_.as_int = number;
    return value;
  }
  static constexpr Value of_uint(std::uint64_t number) {
    Value value(Kind::kUint);
    value.number_.as_uint = number;
    return value;
  }
  static constexpr Value of_float(float number) {
    Value value(Kind::kFloat);
    value.number_.as_float = number;
    return value;
  }
  static constexpr Value of_double(double number) {
    Value value(Kind::kDouble);
    value.number_.as_double = number;
    return value;
  }
  static constexpr Value of_bytes(std::string_view bytes) { return view(Kind::kBytes, bytes); }
  static constexpr Value of_text(std::string_view text) { return view(Kind::kText, text); }

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr bool is_null() const { return kind_ == Kind::kNull; }
  /// Each accessor may be called only for its kind.
  [[nodiscard]] constexpr std::int64_t as_int() const { return number_.as_int; }
  [[nodiscard]] constexpr std::uint64_t as_uint() const { return number_.as_uint; }
  [[nodiscard]] constexpr float as_float() const { return number_.as_float; }
  [[nodiscard]] constexpr double as_double() const { return number_.as_double; }
  /// For kBytes and kText.
  [[nodiscard]] constexpr std::string_view bytes() const { return {number_.data, size_}; }

  /// Same kind and same content; floating values compare by their bits.
  friend bool operator==(const Value& a, const Value& b) {
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
      case Kind::kNull: return true;
      case Kind::kInt:
      case Kind::kUint: return a.number_.as_uint == b.number_.as_uint;
      case Kind::kFloat:
        return __builtin_bit_cast(std::uint32_t, a.number_.as_float) ==
               __builtin_bit_cast(std::uint32_t, b.number_.as_float);
      case Kind::kDouble:
        return __builtin_bit_cast(std::uint64_t, a.number_.as_double) ==
               __builtin_bit_cast(std::uint64_t, b.number_.as_double);
      case Kind::kBytes:
      case Kind::kText: return a.bytes() == b.bytes();
    }
    return false;
  }

 private:
  constexpr explicit Value(Kind kind) : kind_(kind) {}
  static constexpr Value view(Kind kind, std::string_view bytes) {
    Value value(kind);
    value.number_.data = bytes.data();
    value.size_ = bytes.size();
    return value;
  }

  union Number {
    std::int64_t as_int;
    std::uint64_t as_uint;
    float as_float;
    double as_double;
    const char* data;
  };
  Number number_{.as_uint = 0};
  std::uint64_t size_ = 0;
  Kind kind_ = Kind::kNull;
};

}  // namespace farshore
