#include "base/json_scalars.hpp"

#include <charconv>
#include <system_error>

namespace farshore {
namespace {

template <typename Number>
void append_number(Number number, std::string& out) {
  out += std::to_string(number);
  out.push_back(' ');
}

template <typename Number>
bool take_number(std::string_view& line, Number& number) {
  const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), number);
  const auto size = static_cast<std::size_t>(end - line.data());
  if (problem != std::errc() || size == line.size() || *end != ' ') return false;
  line.remove_prefix(size + 1);
  return true;
}

}  // namespace

void append_json_scalar(const JsonScalar& scalar, std::string& out) {
  append_number(static_cast<unsigned>(scalar.type), out);
  append_number(scalar.offset, out);
  append_number(scalar.length, out);
  out += scalar.path;
  out.push_back('\n');
}

std::optional<JsonScalar> take_json_scalar(std::string_view& lines) {
  const std::size_t end = lines.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = lines.substr(0, end);
  std::uint8_t type = 0;
  JsonScalar scalar;
  if (!take_number(line, type) || !take_number(line, scalar.offset) || !take_number(line, scalar.length)) {
    return std::nullopt;
  }
  if (!line.starts_with('$')) return std::nullopt;
  scalar.type = static_cast<JsonScalarType>(type);
  scalar.path = line;
  lines.remove_prefix(end + 1);
  return scalar;
}

}  // namespace farshore
