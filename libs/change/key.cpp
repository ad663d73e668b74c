#include "change/key.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <iterator>

#include "base/check.hpp"

namespace farshore::change {
namespace {

constexpr std::uint32_t kBinaryCollation = 63;
constexpr std::size_t kKeyTextMax = 200;

// The first byte of a canonical value. They are part of what is hashed: never change them.
constexpr char kNullMark = 'n';
constexpr char kPositiveMark = 'u';
constexpr char kNegativeMark = 'i';
constexpr char kFloatMark = 'f';
constexpr char kDoubleMark = 'd';
constexpr char kBytesMark = 'b';
constexpr char kTextMark = 't';

template <typename T>
void append_raw(T number, std::string& out) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &number, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

void append_sized(char mark, std::string_view bytes, std::string& out) {
  out.push_back(mark);
  append_raw(static_cast<std::uint32_t>(bytes.size()), out);
  out.append(bytes);
}

bool is_minus_zero(std::string_view decimal) {
  return decimal.starts_with('-') && decimal.find_first_not_of("-0.") == std::string_view::npos;
}

std::string_view pad_of(std::string_view charset) {
  using namespace std::string_view_literals;
  if (charset == "ucs2" || charset == "utf16") return "\0 "sv;
  if (charset == "utf16le") return " \0"sv;
  if (charset == "utf32") return "\0\0\0 "sv;
  return " "sv;
}

void append_text_form(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Value::Kind::kNull: out += "NULL"; return;
    case Value::Kind::kInt: fmt::format_to(std::back_inserter(out), "{}", value.as_int()); return;
    case Value::Kind::kUint: fmt::format_to(std::back_inserter(out), "{}", value.as_uint()); return;
    case Value::Kind::kFloat: fmt::format_to(std::back_inserter(out), "{}", value.as_float()); return;
    case Value::Kind::kDouble: fmt::format_to(std::back_inserter(out), "{}", value.as_double()); return;
    case Value::Kind::kBytes:
    case Value::Kind::kText: break;
  }
  out.push_back('\'');
  for (const char c : value.bytes().substr(0, kKeyTextMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == '\'' || c == '\\') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('\'');
}

}  // namespace

bool column_is_bytewise(const Column& column, ServerKind source) {
  switch (column.type) {
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kJson: return false;
    case ColumnType::kChar:
    case ColumnType::kVarchar:
    case ColumnType::kText:
      return column.collation == kBinaryCollation || column.charset == "binary" ||
             find_collation(source, column.collation).is_bytewise;
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint:
    case ColumnType::kDecimal:
    case ColumnType::kBit:
    case ColumnType::kYear:
    case ColumnType::kDate:
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kTimestamp:
    case ColumnType::kEnum:
    case ColumnType::kSet: return true;
  }
  return false;
}

bool key_is_bytewise(const TableShape& shape, ServerKind source) {
  for (const std::uint32_t index : shape.key) {
    if (!column_is_bytewise(shape.columns[index], source)) return false;
  }
  return !shape.key.empty();
}

std::string_view without_trailing_pad(std::string_view bytes, std::string_view charset) {
  const std::string_view pad = pad_of(charset);
  while (bytes.size() >= pad.size() && bytes.ends_with(pad)) bytes.remove_suffix(pad.size());
  return bytes;
}

void append_canonical(const Value& value, const Column& column, bool pads, std::string& out) {
  switch (value.kind()) {
    case Value::Kind::kNull: out.push_back(kNullMark); return;
    case Value::Kind::kInt:
      out.push_back(value.as_int() < 0 ? kNegativeMark : kPositiveMark);
      append_raw(value.as_int(), out);
      return;
    case Value::Kind::kUint:
      out.push_back(kPositiveMark);
      append_raw(value.as_uint(), out);
      return;
    case Value::Kind::kFloat:
      out.push_back(kFloatMark);
      append_raw(value.as_float(), out);
      return;
    case Value::Kind::kDouble:
      out.push_back(kDoubleMark);
      append_raw(value.as_double(), out);
      return;
    case Value::Kind::kBytes:
      append_sized(kBytesMark, pads ? without_trailing_pad(value.bytes(), column.charset) : value.bytes(), out);
      return;
    case Value::Kind::kText:
      append_sized(kTextMark, is_minus_zero(value.bytes()) ? value.bytes().substr(1) : value.bytes(), out);
      return;
  }
}

void encode_key(std::span<const Value> row, const TableShape& shape, std::string& out) {
  FARSHORE_CHECK(row.size() == shape.columns.size());
  for (const std::uint32_t index : shape.key) append_canonical(row[index], shape.columns[index], false, out);
}

std::string key_text(std::span<const Value> row, const TableShape& shape) {
  FARSHORE_CHECK(row.size() == shape.columns.size());
  std::string out;
  if (shape.key.size() != 1) out.push_back('(');
  for (std::size_t i = 0; i < shape.key.size() && out.size() < kKeyTextMax; ++i) {
    if (i > 0) out += ", ";
    append_text_form(row[shape.key[i]], out);
  }
  if (shape.key.size() != 1) out.push_back(')');
  if (out.size() > kKeyTextMax) out.replace(kKeyTextMax - 3, std::string::npos, "...");
  return out;
}

}  // namespace farshore::change
