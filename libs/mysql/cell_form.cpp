#include "mysql/cell_form.hpp"

#include <bit>
#include <charconv>
#include <initializer_list>

#include "base/json_scalars.hpp"
#include "mysql/charset_text.hpp"

namespace farshore::mysql {
namespace {

template <typename Number>
std::string_view digits_of(Number number, std::string& scratch) {
  scratch.resize(24);
  const char* const end = std::to_chars(scratch.data(), scratch.data() + scratch.size(), number).ptr;
  scratch.resize(static_cast<std::size_t>(end - scratch.data()));
  return scratch;
}

std::string_view bytes_of(double number, std::string& scratch) {
  const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);  // the server holds -0 equal to 0
  scratch.assign(reinterpret_cast<const char*>(&bits), sizeof bits);
  return scratch;
}

std::string_view without_last_zeros(std::string_view text) {
  if (text.find('.') == std::string_view::npos) return text;
  text = text.substr(0, text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string_view without_padding(std::string_view bytes) { return bytes.substr(0, bytes.find_last_not_of('\0') + 1); }

bool is_of(std::string_view type, std::initializer_list<std::string_view> types) {
  for (const std::string_view one : types) {
    if (type == one) return true;
  }
  return false;
}

}  // namespace

CellForm::CellForm(const Column& column, const ColumnSchema& target)
    : type_(column.type),
      kind_(kind_of(column, target)),
      is_long_((kind_ == Kind::kText || kind_ == Kind::kPadded) &&
               (target.data_type == "json" || target.length_bytes > kBytesMax)),
      as_bytes_(kind_ == Kind::kText && column.charset == target.charset && !is_part_of_utf8mb4(column.charset)),
      may_lose_(kind_ == Kind::kText && !target.charset.empty() && !as_bytes_ && column.type != ColumnType::kJson &&
                !(is_part_of_utf8mb4(column.charset) && is_part_of_utf8mb4(target.charset))),
      literal_(column, &target) {
  if (may_lose_ && !is_part_of_utf8mb4(column.charset)) convert_ = column.charset;
}

// What is shown must not be the same for two values that the column tells apart, nor a value's form be that of another.
CellForm::Kind CellForm::kind_of(const Column& column, const ColumnSchema& target) {
  const std::string_view there = target.data_type;
  const bool is_integer = is_of(there, {"tinyint", "smallint", "mediumint", "int", "bigint", "year"});
  switch (column.type) {
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint:
    case ColumnType::kYear:
    case ColumnType::kBit:
      if (there == "bit") return Kind::kNumber;
      return is_integer ? Kind::kInteger : there == "decimal" ? Kind::kFraction : Kind::kNone;
    case ColumnType::kFloat:
    case ColumnType::kDouble: return is_of(there, {"float", "double"}) ? Kind::kReal : Kind::kNone;
    case ColumnType::kDecimal: return there == "decimal" || is_integer ? Kind::kFraction : Kind::kNone;
    case ColumnType::kDate:
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kTimestamp:
      return is_of(there, {"date", "time", "datetime", "timestamp"}) ? Kind::kFraction : Kind::kNone;
    case ColumnType::kChar:
    case ColumnType::kVarchar:
    case ColumnType::kText:
      // MariaDB has no gb18030, and would refuse to convert into it.
      if (!is_charset_name(column.charset) || (column.charset == "binary") != target.charset.empty() ||
          is_of(there, {"enum", "set", "json"}) || (column.charset == "gb18030" && target.charset != "gb18030"))
        return Kind::kNone;
      return there == "binary" ? Kind::kPadded : Kind::kText;
    case ColumnType::kEnum: return there == "enum" ? Kind::kNumber : Kind::kNone;
    case ColumnType::kSet: return there == "set" ? Kind::kNumber : Kind::kNone;
    case ColumnType::kJson:
      return there == "json" || is_of(there, {"text", "mediumtext", "longtext"}) ? Kind::kText : Kind::kNone;
  }
  return Kind::kNone;
}

std::string CellForm::expression(std::string_view name) const {
  std::string out(name);
  switch (kind_) {
    case Kind::kNone: return "IF(" + out + " IS NULL,NULL,1)";
    case Kind::kNumber: return out + "|0";  // an integer of 64 bits, where + 0 is a DOUBLE of a SET
    case Kind::kReal: return out + "+0e0";
    case Kind::kInteger:
    case Kind::kFraction: return out;
    case Kind::kText:
    case Kind::kPadded: break;
  }
  if (as_bytes_) out = "CAST(" + out + " AS BINARY)";
  if (!convert_.empty()) out = "CAST(CONVERT(" + out + " USING " + convert_ + ") AS BINARY)";
  if (type_ == ColumnType::kJson) out = "CAST(" + out + " AS CHAR)";
  return is_long_ ? "LEFT(" + out + "," + std::to_string(kBytesMax) + ")" : out;
}

std::optional<std::string_view> CellForm::of_value(const Value& value, std::string& scratch) const {
  switch (kind_) {
    case Kind::kNone: return std::nullopt;
    case Kind::kInteger:
      if (value.kind() == Value::Kind::kInt) return digits_of(value.as_int(), scratch);
      if (value.kind() == Value::Kind::kUint) return digits_of(value.as_uint(), scratch);
      return std::nullopt;
    case Kind::kReal:
      if (value.kind() == Value::Kind::kFloat) return bytes_of(double{value.as_float()}, scratch);
      if (value.kind() == Value::Kind::kDouble) return bytes_of(value.as_double(), scratch);
      return std::nullopt;
    case Kind::kNumber:
      scratch.clear();
      if (value.kind() != Value::Kind::kUint || !literal_.append_stored(value, scratch)) return std::nullopt;
      return scratch;
    case Kind::kFraction:
      if (value.kind() == Value::Kind::kInt) return digits_of(value.as_int(), scratch);
      if (value.kind() == Value::Kind::kUint) return digits_of(value.as_uint(), scratch);
      if (value.kind() != Value::Kind::kText) return std::nullopt;
      return without_last_zeros(value.bytes());
    case Kind::kText:
    case Kind::kPadded: break;
  }
  if (value.kind() != Value::Kind::kBytes && value.kind() != Value::Kind::kText) return std::nullopt;
  const std::string_view bytes = type_ == ColumnType::kJson ? json_text(value.bytes()) : value.bytes();
  if (is_long_ && bytes.size() >= kBytesMax) return std::nullopt;
  if (may_lose_ && bytes.find('?') != std::string_view::npos) return std::nullopt;
  return kind_ == Kind::kPadded ? without_padding(bytes) : bytes;
}

std::string_view CellForm::of_cell(std::string_view cell, std::string& scratch) const {
  switch (kind_) {
    case Kind::kInteger: {  // ZEROFILL, and the year 0000
      const std::size_t first = cell.find_first_not_of('0');
      return first == std::string_view::npos ? cell.substr(0, 1) : cell.substr(first);
    }
    case Kind::kReal: {
      double number = 0;
      const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
      if (error != std::errc() || end != cell.data() + cell.size()) return cell;
      return bytes_of(number, scratch);
    }
    case Kind::kFraction: return without_last_zeros(cell);
    case Kind::kPadded: return without_padding(cell);
    case Kind::kNone:
    case Kind::kNumber:
    case Kind::kText: return cell;
  }
  return cell;
}

}  // namespace farshore::mysql
