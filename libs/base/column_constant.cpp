#include "base/column_constant.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace farshore {

std::optional<ColumnConstant> constant_of_digits(std::string_view digits, int base, bool as_number) {
  if (as_number) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return ColumnConstant{ColumnConstant::Kind::kNumber, std::to_string(number)};
  }
  const std::size_t of_byte = base == 16 ? 2 : 8;
  std::string padded((of_byte - digits.size() % of_byte) % of_byte, '0');
  padded += digits;
  std::string bytes;
  for (std::size_t from = 0; from < padded.size(); from += of_byte) {
    unsigned byte = 0;
    const char* const first = padded.data() + from;
    const auto [end, error] = std::from_chars(first, first + of_byte, byte, base);
    if (error != std::errc() || end != first + of_byte) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return ColumnConstant{ColumnConstant::Kind::kText, std::move(bytes)};
}

}  // namespace farshore
