#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// MySQL's JSON holds scalars whose type its text does not tell: a DECIMAL reads like a double, a DATE like a string.
/// The value of a JSON column is the text that MySQL prints and, if it has such scalars, a NUL byte (which no JSON text
/// has) and one line for each of them:
///   COLUMN_TYPE OFFSET LENGTH PATH\n
/// The number of the scalar's column type in MySQL's protocol, where its text is in the text, and its path there as
/// MySQL reads it: `246 10 4 $."price"`. `*` instead of the lines: they would be too many.
namespace farshore {

inline constexpr char kJsonScalarsBegin = '\0';
inline constexpr std::string_view kJsonScalarsTooMany = "*";
inline constexpr std::size_t kJsonScalarBytesMax = std::size_t{256} * 1024;

/// Numbers of column types. Source: MySQL include/field_types.h, "enum_field_types".
enum class JsonScalarType : std::uint8_t {
  kTimestamp = 7,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kVarbinary = 15,
  kBit = 16,
  kDecimal = 246,
  kBlob = 252,
  kBinary = 254,
};

struct JsonScalar {
  JsonScalarType type{};  ///< may be another number than the names above
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view path;
};

/// The text that MySQL prints.
[[nodiscard]] inline std::string_view json_text(std::string_view value) {
  return value.substr(0, value.find(kJsonScalarsBegin));
}
/// What stands behind the text and its NUL byte; empty: nothing.
[[nodiscard]] inline std::string_view json_scalars(std::string_view value) {
  const std::size_t end = value.find(kJsonScalarsBegin);
  return end == std::string_view::npos ? std::string_view() : value.substr(end + 1);
}

/// Appends the line.
void append_json_scalar(const JsonScalar& scalar, std::string& out);
/// Takes the first line off; nothing when it is no such line.
[[nodiscard]] std::optional<JsonScalar> take_json_scalar(std::string_view& lines);

}  // namespace farshore
