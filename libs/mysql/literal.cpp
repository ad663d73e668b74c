#include "mysql/literal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/json_number.hpp"
#include "base/json_scalars.hpp"
#include "mysql/charset_text.hpp"
#include "mysql/json_literal.hpp"

namespace farshore::mysql {
namespace {

constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  table['\0'] = '0';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\\'] = '\\';
  table['\''] = '\'';
  table[0x1A] = 'Z';
  return table;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

template <typename Number>
void append_number(Number number, std::string& out) {
  char buffer[24];
  const char* const end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

// The shortest text that reads back as the same double. The exponent makes the server take it for a DOUBLE, not a
// DECIMAL.
bool append_real(double number, std::string& out) {
  if (!std::isfinite(number)) return false;
  char buffer[40];
  const char* const end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
  return true;
}

// The text becomes part of a statement without quotes: it must be a number and nothing else.
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  return !whole.empty() && std::ranges::all_of(whole, is_digit) && std::ranges::all_of(fraction, is_digit) &&
         (point == std::string_view::npos || !fraction.empty());
}

// The name comes from a batch: what is not a plain name is taken for bytes.
std::string opening_of(const std::string& charset) {
  if (is_part_of_utf8mb4(charset)) return "'";
  return is_charset_name(charset) ? "_" + charset + "'" : "_binary'";
}

// What separates a SET's labels, escaped: the labels are in the column's character set, and so is this.
std::string_view comma_of(const std::string& charset) {
  if (charset == "ucs2" || charset == "utf16") return "\\0,";
  if (charset == "utf16le") return ",\\0";
  if (charset == "utf32") return "\\0\\0\\0,";
  return ",";
}

}  // namespace

void append_identifier(std::string_view name, std::string& out) {
  out.push_back('`');
  for (const char c : name) {
    if (c == '`') out.push_back('`');
    out.push_back(c);
  }
  out.push_back('`');
}

std::string quote_identifier(std::string_view name) {
  std::string out;
  append_identifier(name, out);
  return out;
}

void append_table_name(std::string_view schema, std::string_view name, std::string& out) {
  append_identifier(schema, out);
  out.push_back('.');
  append_identifier(name, out);
}

void append_escaped(std::string_view bytes, std::string& out) {
  const char* from = bytes.data();
  const char* const end = from + bytes.size();
  for (const char* at = from; at != end; ++at) {
    const char escape = kEscapes[static_cast<unsigned char>(*at)];
    if (escape == 0) continue;
    out.append(from, at);
    out.push_back('\\');
    out.push_back(escape);
    from = at + 1;
  }
  out.append(from, end);
}

void append_text_literal(std::string_view text, std::string& out) {
  out.push_back('\'');
  append_escaped(text, out);
  out.push_back('\'');
}

std::string text_literal(std::string_view text) {
  std::string out;
  append_text_literal(text, out);
  return out;
}

void append_binary_literal(std::string_view bytes, std::string& out) {
  out += "_binary'";
  append_escaped(bytes, out);
  out.push_back('\'');
}

LiteralWriter::LiteralWriter(const Column& column, const ColumnSchema* target, bool is_of_key)
    : type_(column.type),
      family_(family_of(column.type)),
      opening_(opening_of(column.charset)),
      comma_(comma_of(column.charset)) {
  for (const std::string& label : column.labels) append_escaped(label, labels_.emplace_back());
  order_.resize(labels_.size());
  std::iota(order_.begin(), order_.end(), 0);
  if (target == nullptr) return;
  takes_invalid_ = target->data_type != "enum" && !(is_of_key && std::ranges::find(labels_, "") != labels_.end());
  into_json_ = target->data_type == "json";
  const bool is_enum = type_ == ColumnType::kEnum && target->data_type == "enum";
  if (is_enum || (type_ == ColumnType::kSet && target->data_type == "set")) find_places(target->labels(), column);
  if (!target->rounds) return;
  rounds_to_ = static_cast<int>(target->scale);
  rounds_float_ = target->data_type == "float";
}

// One that cannot be converted is not there either: the judge of the two tables sees to both.
void LiteralWriter::find_places(const std::vector<std::string>& labels, const Column& column) {
  for (const std::string& label : column.labels) {
    const auto text = utf8_text(label, column.charset);
    const auto found = text ? std::ranges::find(labels, *text) : labels.end();
    places_.push_back(found == labels.end() ? 0 : static_cast<std::size_t>(found - labels.begin()) + 1);
  }
  std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return places_[i] == 0 ? SIZE_MAX : places_[i]; });
}

std::string_view LiteralWriter::demand(const Value& value) const {
  std::string unused;
  if (into_json_ && type_ == ColumnType::kJson && value.kind() == Value::Kind::kText) {
    if (const char* const why = append_json_literal(value.bytes(), unused)) return why;
  }
  if (into_json_ && family_ == TypeFamily::kString) {
    return "its text has a number that the JSON type here would store as another, or a name twice in one object, or is "
           "not JSON";
  }
  if (type_ == ColumnType::kEnum && value.kind() == Value::Kind::kUint && value.as_uint() == 0) {
    const bool is_into_enum = !places_.empty();
    if (is_into_enum)
      return "it is ENUM's invalid value, which a lax sql_mode stores and no ENUM column takes: mend the row at the "
             "origin, and give the column here a text type until this change is applied, too, while nobody else "
             "writes the table here";
    return "it is ENUM's invalid value, which a lax sql_mode stores, in a key that has the label '' too: here both "
           "would be one row. Change the row's key at the origin; what has gone out by then is left behind by "
           "`farshorectl origin reset` alone";
  }
  if (rounds_to_ >= 0) return "the column here rounds: it has fewer digits after the point than the value";
  return "the value does not belong to it";
}

// As the servers round: the digits after the point alone. Source: MySQL sql/field.cc, "Field_real::truncate".
bool LiteralWriter::keeps_digits(double number) const {
  if (rounds_to_ < 0 || !std::isfinite(number)) return true;
  const double scale = std::pow(10.0, rounds_to_);
  const double whole = std::floor(number);
  const double rounded = whole + std::rint((number - whole) * scale) / scale;
  return rounds_float_ ? static_cast<float>(rounded) == static_cast<float>(number) : rounded == number;
}

bool LiteralWriter::append(const Value& value, std::string& out) const {
  switch (value.kind()) {
    case Value::Kind::kNull: out += "NULL"; return true;
    case Value::Kind::kInt:
      if (family_ != TypeFamily::kInteger) return false;
      append_number(value.as_int(), out);
      return true;
    case Value::Kind::kUint:
      if (type_ == ColumnType::kEnum) return append_enum(value.as_uint(), out);
      if (type_ == ColumnType::kSet) return append_set(value.as_uint(), out);
      if (family_ != TypeFamily::kInteger && type_ != ColumnType::kYear && type_ != ColumnType::kBit) return false;
      append_number(value.as_uint(), out);
      return true;
    case Value::Kind::kFloat:
      if (type_ != ColumnType::kFloat || !keeps_digits(double{value.as_float()})) return false;
      return append_real(double{value.as_float()}, out);
    case Value::Kind::kDouble:
      if (type_ != ColumnType::kDouble || !keeps_digits(value.as_double())) return false;
      return append_real(value.as_double(), out);
    case Value::Kind::kBytes:
      if (family_ != TypeFamily::kString || (into_json_ && !json_is_held_exactly(value.bytes()))) return false;
      out += opening_;
      append_escaped(value.bytes(), out);
      out.push_back('\'');
      return true;
    case Value::Kind::kText:
      if (type_ == ColumnType::kDecimal) {
        if (!is_decimal(value.bytes())) return false;
        out += value.bytes();
        return true;
      }
      if (type_ == ColumnType::kJson) return append_json(value.bytes(), out);
      if (family_ != TypeFamily::kTemporal) return false;
      append_text_literal(value.bytes(), out);
      return true;
  }
  return false;
}

// A label that the target lacks goes as text, for the server to refuse.
bool LiteralWriter::append_stored(const Value& value, std::string& out) const {
  if (value.kind() != Value::Kind::kUint || places_.empty()) return append(value, out);
  const std::uint64_t number = value.as_uint();
  if (type_ == ColumnType::kEnum) {
    if (number == 0 || number > places_.size() || places_[number - 1] == 0) return append(value, out);
    append_number(places_[number - 1], out);
    return true;
  }
  std::uint64_t mask = 0;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((number >> bit & 1) == 0) continue;
    if (bit >= places_.size() || places_[bit] == 0) return append(value, out);
    mask |= std::uint64_t{1} << (places_[bit] - 1);
  }
  append_number(mask, out);
  return true;
}

bool LiteralWriter::append_json(std::string_view value, std::string& out) const {
  if (into_json_) return append_json_literal(value, out) == nullptr;
  append_text_literal(json_text(value), out);
  return true;
}

bool LiteralWriter::append_enum(std::uint64_t index, std::string& out) const {
  if (index == 0 && takes_invalid_) {
    out += "''";
    return true;
  }
  if (index == 0 || index > labels_.size()) return false;
  out += opening_;
  out += labels_[index - 1];
  out.push_back('\'');
  return true;
}

bool LiteralWriter::append_set(std::uint64_t mask, std::string& out) const {
  if (labels_.size() < 64 && (mask >> labels_.size()) != 0) return false;
  out += opening_;
  bool first = true;
  for (const std::size_t i : order_) {
    if ((mask >> i & 1) == 0) continue;
    if (!first) out += comma_;
    first = false;
    out += labels_[i];
  }
  out.push_back('\'');
  return true;
}

}  // namespace farshore::mysql
