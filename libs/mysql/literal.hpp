#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "mysql/schema.hpp"

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
/// Characters keep their character set by an introducer; ENUM and SET go by label, never by the source's index (ENUM's
/// invalid value as an empty text, into a text column alone); FLOAT and DOUBLE are exact; DECIMAL is a number, so that
/// a comparison is exact too. What the target's column would store as something else without an error is not written:
/// digits that FLOAT(7,2) rounds, numbers that MySQL's JSON cannot hold. A document of MySQL's keeps the types inside
/// when it goes into MySQL's JSON, and is text elsewhere. A SET's labels come in the order of the target's own: in any
/// order they are stored alike, but compared they are text.
class LiteralWriter {
 public:
  /// `target`: where the values go, while this is made; null: it takes them as they are. `is_of_key`: of the source's
  /// primary key, whose values stay apart.
  explicit LiteralWriter(const Column& column, const ColumnSchema* target = nullptr, bool is_of_key = false);
  /// False: the value does not belong to the column (an ENUM index without a label, another kind), or the target's
  /// column does not hold it exactly: nothing is written.
  [[nodiscard]] bool append(const Value& value, std::string& out) const;
  /// Likewise, of a value that is stored, not compared: an ENUM's or SET's as the number that its labels have in the
  /// target's column. A label's text could be another label's by the collation there.
  [[nodiscard]] bool append_stored(const Value& value, std::string& out) const;
  /// What was asked of a value that was not written, for people.
  [[nodiscard]] std::string_view demand(const Value& value) const;

 private:
  [[nodiscard]] bool keeps_digits(double number) const;
  [[nodiscard]] bool append_json(std::string_view value, std::string& out) const;
  [[nodiscard]] bool append_enum(std::uint64_t index, std::string& out) const;
  [[nodiscard]] bool append_set(std::uint64_t mask, std::string& out) const;
  void find_places(const std::vector<std::string>& labels, const Column& column);

  ColumnType type_;
  TypeFamily family_;
  int rounds_to_ = -1;               ///< digits after the point that the target keeps of a FLOAT or DOUBLE; -1: all
  bool rounds_float_ = false;        ///< and the target is a FLOAT
  bool into_json_ = false;           ///< the target reads the text
  bool takes_invalid_ = false;       ///< ENUM's invalid value, as an empty text
  std::string opening_;              ///< introducer and opening quote
  std::string_view comma_;           ///< between the labels of a SET; static
  std::vector<std::string> labels_;  ///< escaped
  std::vector<std::size_t> order_;   ///< of a SET: indexes in labels_, in the order in which they are written
  std::vector<std::size_t> places_;  ///< of each label among those of the target's ENUM or SET, from 1; 0: not there
};

}  // namespace farshore::mysql
