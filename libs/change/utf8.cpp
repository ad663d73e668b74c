#include "change/utf8.hpp"

#include <cstdint>

namespace farshore::change {

bool is_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned char first = at(i);
    std::size_t more = 0;
    std::uint32_t code = 0;
    if (first < 0x80) {
      ++i;
      continue;
    }
    if (first >= 0xC2 && first <= 0xDF) {
      more = 1;
      code = first & 0x1FU;
    } else if ((first & 0xF0U) == 0xE0) {
      more = 2;
      code = first & 0x0FU;
    } else if (first >= 0xF0 && first <= 0xF4) {
      more = 3;
      code = first & 0x07U;
    } else
      return false;
    if (bytes.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((at(i + k) & 0xC0U) != 0x80) return false;
      code = code << 6 | (at(i + k) & 0x3FU);
    }
    if ((more == 2 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) ||
        (more == 3 && (code < 0x10000 || code > 0x10FFFF)))
      return false;
    i += more + 1;
  }
  return true;
}

}  // namespace farshore::change
