#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/table_shape.hpp"
#include "base/value.hpp"

/// SQL text for identifiers and values. The texts are right for a session of `Connection`: utf8mb4, backslash escapes.
namespace farshore::mysql {

/// `name`, with backticks doubled.
void append_identifier(std::string_view name, std::string& out);
[[nodiscard]] std::string quote_identifier(std::string_view name);
/// `schema`.`name`
void append_table_name(std::string_view schema, std::string_view name, std::string& out);

/// The bytes with ', \, NUL, newline, carriage return and ^Z escaped; without quotes.
void append_escaped(std::string_view bytes, std::string& out);
/// 'utf8mb4 text'
void append_text_literal(std::string_view text, std::string& out);
[[nodiscard]] std::string text_literal(std::string_view text);
/// _binary'bytes'
void append_binary_literal(std::string_view bytes, std::string& out);

/// Writes the values of one source column. What depends on the column alone is worked out once, here.
/// Characters keep their character set by an introducer; ENUM and SET go by label, never by index; FLOAT and DOUBLE
/// are exact; DECIMAL is a number, so that a comparison is exact too.
class LiteralWriter {
 public:
  explicit LiteralWriter(const Column& column);
  /// False: the value does not belong to the column (an ENUM index without a label, another kind): nothing is
  /// written.
  [[nodiscard]] bool append(const Value& value, std::string& out) const;

 private:
  [[nodiscard]] bool append_enum(std::uint64_t index, std::string& out) const;
  [[nodiscard]] bool append_set(std::uint64_t mask, std::string& out) const;

  ColumnType type_;
  std::string opening_;              ///< introducer and opening quote
  std::string_view comma_;           ///< between the labels of a SET; static
  std::vector<std::string> labels_;  ///< escaped
};

}  // namespace farshore::mysql
