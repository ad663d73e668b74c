// MySQL's binary JSON. Source: MySQL sql/json_binary.h.
//   document = type (1 byte) value
//   object   = count size {key offset, key length (2)} {value entry} {key} {value}
//   array    = count size {value entry} {value}
//   value entry = type (1) and either the value itself, when it is that small, or its offset
// Counts, sizes and offsets take 2 bytes in small containers and 4 in large ones; offsets count from the container's
// beginning. Strings and opaque values begin with a length of 7 bits a byte, the low ones first.

#include "binlog/json_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "base/byte_reader.hpp"
#include "base/json_number.hpp"
#include "base/json_scalars.hpp"
#include "binlog/big_endian.hpp"
#include "binlog/decimal.hpp"
#include "binlog/temporal.hpp"

namespace farshore::binlog {
namespace {

constexpr int kDepthMax = 100;

enum class JsonType : std::uint8_t {
  kSmallObject = 0x00,
  kLargeObject = 0x01,
  kSmallArray = 0x02,
  kLargeArray = 0x03,
  kLiteral = 0x04,
  kInt16 = 0x05,
  kUint16 = 0x06,
  kInt32 = 0x07,
  kUint32 = 0x08,
  kInt64 = 0x09,
  kUint64 = 0x0A,
  kDouble = 0x0B,
  kString = 0x0C,
  kOpaque = 0x0F,
};

void append_base64(std::string_view bytes, std::string& text) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kLineBytes = 57;  // MySQL's encoder breaks lines after 76 characters
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (i > 0 && i % kLineBytes == 0) text += "\\n";
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    const auto group = static_cast<std::uint32_t>(read_big_endian(bytes.data() + i, count) << (8 * (3 - count)));
    text.push_back(kAlphabet[group >> 18]);
    text.push_back(kAlphabet[group >> 12 & 63]);
    text.push_back(count > 1 ? kAlphabet[group >> 6 & 63] : '=');
    text.push_back(count > 2 ? kAlphabet[group & 63] : '=');
  }
}

void append_quoted(std::string_view bytes, std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  text.push_back('"');
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    switch (c) {
      case '"': text += "\\\""; break;
      case '\\': text += "\\\\"; break;
      case '\b': text += "\\b"; break;
      case '\t': text += "\\t"; break;
      case '\n': text += "\\n"; break;
      case '\f': text += "\\f"; break;
      case '\r': text += "\\r"; break;
      default:
        if (byte < 0x20) {
          text += "\\u00";
          text.push_back(kHex[byte >> 4]);
          text.push_back(kHex[byte & 15]);
        } else {
          text.push_back(c);
        }
    }
  }
  text.push_back('"');
}

template <typename T>
void append_integer(T number, std::string& text) {
  std::array<char, 24> digits;
  const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  text.append(digits.data(), end);
}

class JsonPrinter {
 public:
  JsonPrinter(std::string& text, std::size_t text_bytes_max)
      : text_(text), text_begin_(text.size()), text_bytes_max_(text_bytes_max) {}

  /// Behind the whole text.
  void append_scalars() {
    if (scalars_.empty()) return;
    text_.push_back(kJsonScalarsBegin);
    text_ += scalars_.size() > kJsonScalarBytesMax ? kJsonScalarsTooMany : std::string_view(scalars_);
  }

  /// `bytes` begins with the value and may go on behind it.
  bool value(JsonType type, std::string_view bytes, int depth) {
    if (text_.size() > text_bytes_max_) return false;
    switch (type) {
      case JsonType::kSmallObject: return container(bytes, 2, true, depth);
      case JsonType::kLargeObject: return container(bytes, 4, true, depth);
      case JsonType::kSmallArray: return container(bytes, 2, false, depth);
      case JsonType::kLargeArray: return container(bytes, 4, false, depth);
      case JsonType::kLiteral: return literal(bytes);
      case JsonType::kInt16: return integer<std::int16_t>(bytes);
      case JsonType::kUint16: return integer<std::uint16_t>(bytes);
      case JsonType::kInt32: return integer<std::int32_t>(bytes);
      case JsonType::kUint32: return integer<std::uint32_t>(bytes);
      case JsonType::kInt64: return integer<std::int64_t>(bytes);
      case JsonType::kUint64: return integer<std::uint64_t>(bytes);
      case JsonType::kDouble: return floating(bytes);
      case JsonType::kString: return string(bytes);
      case JsonType::kOpaque: return opaque(bytes);
    }
    return false;
  }

 private:
  static bool is_inlined(JsonType type, std::size_t width) {
    switch (type) {
      case JsonType::kLiteral:
      case JsonType::kInt16:
      case JsonType::kUint16: return true;
      case JsonType::kInt32:
      case JsonType::kUint32: return width == 4;
      default: return false;
    }
  }

  bool container(std::string_view bytes, std::size_t width, bool is_object, int depth) {
    if (depth >= kDepthMax) return false;
    ByteReader head(bytes);
    const auto count = head.number<std::uint32_t>(width);
    const auto size = head.number<std::uint32_t>(width);
    if (!head.ok() || size > bytes.size()) return false;
    const std::string_view whole = bytes.substr(0, size);
    const std::size_t key_entry = is_object ? width + 2 : 0;
    const std::size_t value_entry = 1 + width;
    const std::size_t keys_at = 2 * width;
    if (keys_at + count * (key_entry + value_entry) > size) return false;
    const std::size_t values_at = keys_at + count * key_entry;
    text_.push_back(is_object ? '{' : '[');
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) text_ += ", ";
      const std::size_t path_size = path_.size();
      if (is_object && !key(whole, keys_at + i * key_entry, width)) return false;
      if (!is_object) {
        path_.push_back('[');
        append_integer(i, path_);
        path_.push_back(']');
      }
      if (!element(whole, values_at + i * value_entry, width, depth)) return false;
      path_.resize(path_size);
    }
    text_.push_back(is_object ? '}' : ']');
    return true;
  }

  bool key(std::string_view whole, std::size_t at, std::size_t width) {
    ByteReader entry(whole.substr(at));
    const auto offset = entry.number<std::uint32_t>(width);
    const std::size_t length = entry.u16();
    if (!entry.ok() || offset > whole.size() || length > whole.size() - offset) return false;
    const std::size_t begin = text_.size();
    append_quoted(whole.substr(offset, length), text_);
    path_.push_back('.');
    path_.append(text_, begin);
    text_ += ": ";
    return text_.size() <= text_bytes_max_;
  }

  bool element(std::string_view whole, std::size_t at, std::size_t width, int depth) {
    ByteReader entry(whole.substr(at));
    const auto type = static_cast<JsonType>(entry.u8());
    if (is_inlined(type, width)) return value(type, entry.rest().substr(0, width), depth + 1);
    const auto offset = entry.number<std::uint32_t>(width);
    if (!entry.ok() || offset >= whole.size()) return false;
    return value(type, whole.substr(offset), depth + 1);
  }

  bool literal(std::string_view bytes) {
    ByteReader reader(bytes);
    const std::uint8_t code = reader.u8();
    if (!reader.ok() || code > 2) return false;
    constexpr std::array<std::string_view, 3> kTexts = {"null", "true", "false"};
    text_ += kTexts[code];
    return true;
  }

  template <typename T>
  bool integer(std::string_view bytes) {
    T number{};
    if (bytes.size() < sizeof(T)) return false;
    std::memcpy(&number, bytes.data(), sizeof(T));
    append_integer(number, text_);
    return true;
  }

  bool floating(std::string_view bytes) {
    double number{};
    if (bytes.size() < sizeof(number)) return false;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return append_json_double(number, text_);
  }

  /// Takes the length and what it counts off the front.
  static bool take_counted(ByteReader& reader, std::string_view& counted) {
    const std::uint64_t length = reader.varint();
    counted = reader.bytes(length);
    return reader.ok();
  }

  bool string(std::string_view bytes) {
    ByteReader reader(bytes);
    std::string_view content;
    if (!take_counted(reader, content)) return false;
    append_quoted(content, text_);
    return true;
  }

  bool opaque(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto type = static_cast<JsonScalarType>(reader.u8());
    std::string_view content;
    if (!take_counted(reader, content)) return false;
    const std::size_t begin = text_.size();
    if (!scalar(type, content)) return false;
    if (scalars_.size() <= kJsonScalarBytesMax) {
      append_json_scalar({.type = type, .offset = begin - text_begin_, .length = text_.size() - begin, .path = path_},
                         scalars_);
    }
    return true;
  }

  bool scalar(JsonScalarType type, std::string_view content) {
    switch (type) {
      case JsonScalarType::kDecimal: return decimal(content);
      case JsonScalarType::kDate:
      case JsonScalarType::kTime:
      case JsonScalarType::kDatetime:
      case JsonScalarType::kTimestamp: return temporal(type, content);
      default: break;
    }
    text_ += "\"base64:type";
    append_integer(static_cast<unsigned>(type), text_);
    text_.push_back(':');
    append_base64(content, text_);
    text_.push_back('"');
    return true;
  }

  bool decimal(std::string_view content) {
    ByteReader reader(content);
    const std::uint8_t precision = reader.u8();
    const std::uint8_t scale = reader.u8();
    if (!reader.ok() || !is_decimal(precision, scale) || reader.left() != decimal_bytes(precision, scale)) return false;
    std::array<char, kDecimalTextBytesMax> digits;
    const std::size_t size = put_decimal(reader.rest().data(), precision, scale, digits.data());
    text_.append(digits.data(), size);
    return size > 0;
  }

  bool temporal(JsonScalarType type, std::string_view content) {
    constexpr std::uint32_t kDigits = 6;
    if (content.size() != sizeof(std::int64_t)) return false;
    std::int64_t packed = 0;
    std::memcpy(&packed, content.data(), sizeof(packed));
    std::array<char, kTemporalTextBytesMax> chars;
    std::size_t size = 0;
    if (type == JsonScalarType::kDate) {
      size = put_date(packed, chars.data());
    } else if (type == JsonScalarType::kTime) {
      size = put_time(packed, kDigits, chars.data());
    } else {
      size = put_datetime(packed, kDigits, chars.data());
    }
    append_quoted({chars.data(), size}, text_);
    return size > 0;
  }

  std::string& text_;
  const std::size_t text_begin_;
  const std::size_t text_bytes_max_;
  std::string path_ = "$";  ///< of the value that is printed
  std::string scalars_;
};

}  // namespace

bool append_json_text(std::string_view binary, std::string& text) {
  if (binary.empty()) {  // a NOT NULL column that was given no value; MySQL prints it so
    text += "null";
    return true;
  }
  // A byte of a string prints as six at most, a number's or entry's byte as fewer.
  constexpr std::size_t kTextBytesPerByte = 8;
  JsonPrinter printer(text, text.size() + 64 + kTextBytesPerByte * binary.size());
  if (!printer.value(static_cast<JsonType>(binary.front()), binary.substr(1), 0)) return false;
  printer.append_scalars();
  return true;
}

}  // namespace farshore::binlog
