#include "mysql/json_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/json_scalars.hpp"
#include "mysql/literal.hpp"

namespace farshore::mysql {
namespace {

// How JSON text has MySQL's opaque values: "base64:type15:AAEC", with a line's end (escaped) after every 76 characters.
struct Base64 {
  std::string text;
  std::size_t bytes = 0;
};

// A server that cannot read it would store null: it is looked through here.
std::optional<Base64> base64_of(std::string_view scalar) {
  const std::size_t begin = scalar.find(':', scalar.find(':') + 1);
  if (begin == std::string_view::npos || !scalar.ends_with('"')) return std::nullopt;
  std::string_view rest = scalar.substr(begin + 1, scalar.size() - begin - 2);
  Base64 out;
  for (std::size_t end = 0; !rest.empty(); rest.remove_prefix(std::min(rest.size(), end + 2))) {
    end = std::min(rest.find("\\n"), rest.size());
    out.text += rest.substr(0, end);
  }
  const std::size_t pads = out.text.size() - (out.text.find_last_not_of('=') + 1);
  const auto is_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  if (out.text.size() % 4 != 0 || pads > 2) return std::nullopt;
  if (!std::all_of(out.text.begin(), out.text.end() - static_cast<std::ptrdiff_t>(pads), is_digit)) return std::nullopt;
  out.bytes = out.text.size() / 4 * 3 - pads;
  return out;
}

// The types that no literal has are those of JSON_TABLE's columns.
void append_column(std::string_view value, std::string_view type, std::string& out) {
  fmt::format_to(std::back_inserter(out),
                 "(SELECT x FROM JSON_TABLE(JSON_ARRAY({}),'$[0]' COLUMNS(x {} PATH '$' ERROR ON ERROR)) AS t)", value,
                 type);
}

bool append_decimal(std::string_view digits, std::string& out) {
  std::string_view rest = digits;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const std::size_t point = std::min(rest.find('.'), rest.size());
  const std::size_t scale = point == rest.size() ? 0 : rest.size() - point - 1;
  const std::size_t whole = rest.starts_with("0.") ? 0 : point;
  if (rest.empty() || rest.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  fmt::format_to(std::back_inserter(out), "CAST('{}' AS DECIMAL({},{}))", digits,
                 std::max<std::size_t>(1, whole + scale), scale);
  return true;
}

bool append_temporal(std::string_view scalar, JsonScalarType type, std::string& out) {
  if (scalar.size() < 2 || scalar.find_first_not_of("0123456789-:. \"") != std::string_view::npos) return false;
  const std::string_view text = scalar.substr(1, scalar.size() - 2);
  const auto literal = [&](std::string_view word) { return fmt::format("{}'{}'", word, text); };
  if (type == JsonScalarType::kTimestamp) {
    append_column(literal("TIMESTAMP"), "TIMESTAMP(6)", out);
  } else if (type == JsonScalarType::kDatetime) {
    out += literal("TIMESTAMP");
  } else {
    out += literal(type == JsonScalarType::kDate ? "DATE" : "TIME");
  }
  return true;
}

bool append_bytes(std::string_view scalar, JsonScalarType type, std::string& out) {
  constexpr std::size_t kSizedBytesMax = 65000;  // a row of JSON_TABLE's
  constexpr std::size_t kBlobBytesMax = 65535;
  const auto content = base64_of(scalar);
  if (!content || content->bytes > kBlobBytesMax) return false;
  const std::string bytes = "FROM_BASE64('" + content->text + "')";
  const std::size_t sized = std::max<std::size_t>(1, content->bytes);
  if (type == JsonScalarType::kVarbinary && sized <= kSizedBytesMax) {
    append_column(bytes, fmt::format("VARBINARY({})", sized), out);
  } else if (type == JsonScalarType::kBinary && content->bytes >= 1 && content->bytes <= 255) {
    append_column(bytes, fmt::format("BINARY({})", content->bytes), out);
  } else if (type == JsonScalarType::kBlob) {
    append_column(bytes, "BLOB", out);
  } else if (type == JsonScalarType::kBit && content->bytes >= 1 && content->bytes <= 8) {
    append_column("CAST(CONV(HEX(" + bytes + "),16,10) AS UNSIGNED)", fmt::format("BIT({})", 8 * content->bytes), out);
  } else {
    return false;
  }
  return true;
}

bool append_scalar(std::string_view scalar, JsonScalarType type, std::string& out) {
  switch (type) {
    case JsonScalarType::kDecimal: return append_decimal(scalar, out);
    case JsonScalarType::kDate:
    case JsonScalarType::kTime:
    case JsonScalarType::kDatetime:
    case JsonScalarType::kTimestamp: return append_temporal(scalar, type, out);
    default: return append_bytes(scalar, type, out);
  }
}

}  // namespace

const char* append_json_literal(std::string_view value, std::string& out) {
  const std::string_view text = json_text(value);
  std::string_view lines = json_scalars(value);
  if (lines.empty()) {
    append_text_literal(text, out);
    return nullptr;
  }
  if (lines == kJsonScalarsTooMany) {
    return "its JSON has more DECIMALs, dates and bytes inside than can be written with their types (256 KiB of paths)";
  }
  const std::size_t before = out.size();
  out += "JSON_REPLACE(CAST(";
  append_text_literal(text, out);
  out += " AS JSON)";
  while (!lines.empty()) {
    const auto scalar = take_json_scalar(lines);
    const bool is_inside = scalar && scalar->offset <= text.size() && scalar->length <= text.size() - scalar->offset;
    if (is_inside) {
      out.push_back(',');
      append_text_literal(scalar->path, out);
      out.push_back(',');
    }
    if (is_inside && append_scalar(text.substr(scalar->offset, scalar->length), scalar->type, out)) continue;
    out.resize(before);
    return "its JSON has bytes inside of a type that no expression gives here (TINYBLOB, MEDIUMBLOB, LONGBLOB, or "
           "above 64 KB)";
  }
  out.push_back(')');
  return nullptr;
}

}  // namespace farshore::mysql
