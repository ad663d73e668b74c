#include "base/json_number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace farshore {
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

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Its digits and point are those of the shortest text of the double that it reads as.
bool is_shortest(std::string_view number, double value) {
  std::string digits;
  int point = 0;
  bool is_whole = true;
  std::size_t at = number.starts_with('-') ? 1 : 0;
  for (; at < number.size() && (is_digit(number[at]) || number[at] == '.'); ++at) {
    if (number[at] == '.') {
      is_whole = false;
      continue;
    }
    if (digits.empty() && number[at] == '0') {
      if (!is_whole) --point;
      continue;
    }
    if (is_whole) ++point;
    digits.push_back(number[at]);
  }
  int exponent = 0;
  if (at < number.size()) {
    at += number[at + 1] == '+' ? 2 : 1;
    std::from_chars(number.data() + at, number.data() + number.size(), exponent);
  }
  while (digits.ends_with('0')) digits.pop_back();
  if (value == 0) return digits.empty();
  const Digits shortest(std::fabs(value));
  return shortest.digits == digits && shortest.point == point + exponent;
}

/// Goes through a text, and stops at what would not be held exactly.
class ExactReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(std::int64_t /*value*/) override { return true; }
  bool number_unsigned(std::uint64_t /*value*/) override { return true; }
  bool number_float(double value, const std::string& number) override { return is_shortest(number, value); }
  bool string(std::string& /*value*/) override { return true; }
  bool binary(nlohmann::json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override {
    names_.emplace_back();
    return true;
  }
  bool key(std::string& name) override { return names_.back().insert(std::move(name)).second; }
  bool end_object() override {
    names_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*elements*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*why*/) override {
    return false;
  }

 private:
  std::vector<std::unordered_set<std::string>> names_;  ///< of the objects that are open
};

}  // namespace

bool json_is_held_exactly(std::string_view text) {
  ExactReader reader;
  return nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
}

bool is_same_json(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto read = [](std::string_view text) {
    return nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  };
  const nlohmann::json one = read(a);
  if (one.is_discarded()) return false;
  const nlohmann::json other = read(b);
  return !other.is_discarded() && one == other;
}

}  // namespace farshore
