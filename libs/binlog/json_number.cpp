#include "binlog/json_number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace farshore::binlog {
namespace {

/// A number as its significant digits and the place of the point: 0.DIGITS times ten to the `point`.
struct Digits {
  explicit Digits(double number) {
    const auto [end, problem] =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
    const std::string_view all(text.data(), static_cast<std::size_t>(end - text.data()));
    const std::size_t e = all.find('e');
    int exponent = 0;
    const std::size_t sign = all[e + 1] == '+' ? 1 : 0;
    std::from_chars(all.data() + e + 1 + sign, all.data() + all.size(), exponent);
    point = exponent + 1;
    if (e > 1) text[1] = text[0];  // closes the gap that the point leaves
    const std::size_t first = e > 1 ? 1 : 0;
    digits = all.substr(first, e - first);
  }
  std::array<char, 32> text;
  std::string_view digits;
  int point;
};

/// MySQL writes an exponent when the plain form would need more than 15 digits before the point, or as many zeros
/// after it. Source: MySQL strings/dtoa.cc, "my_gcvt".
bool wants_exponent(const Digits& number) {
  constexpr int kPlaces = 15;
  const auto count = static_cast<int>(number.digits.size());
  return number.point < -kPlaces + 1 || (number.point > kPlaces && count <= number.point);
}

void append_plain(const Digits& number, std::string& text) {
  const auto count = static_cast<int>(number.digits.size());
  if (number.point <= 0) {
    text += "0.";
    text.append(static_cast<std::size_t>(-number.point), '0');
    text += number.digits;
  } else if (number.point < count) {
    text += number.digits.substr(0, static_cast<std::size_t>(number.point));
    text.push_back('.');
    text += number.digits.substr(static_cast<std::size_t>(number.point));
  } else {
    text += number.digits;
    text.append(static_cast<std::size_t>(number.point - count), '0');
    text += ".0";
  }
}

void append_with_exponent(const Digits& number, std::string& text) {
  text.push_back(number.digits.front());
  if (number.digits.size() > 1) {
    text.push_back('.');
    text += number.digits.substr(1);
  }
  text.push_back('e');
  text += std::to_string(number.point - 1);
}

}  // namespace

bool append_json_double(double number, std::string& text) {
  if (!std::isfinite(number)) return false;
  if (std::signbit(number)) text.push_back('-');
  if (number == 0) {
    text += "0.0";
    return true;
  }
  const Digits digits(std::fabs(number));
  if (wants_exponent(digits)) {
    append_with_exponent(digits, text);
  } else {
    append_plain(digits, text);
  }
  return true;
}

}  // namespace farshore::binlog
