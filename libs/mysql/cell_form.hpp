#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"

namespace farshore::mysql {

/// A source column's values, and what a query shows of the target's column, in one form: texts that are equal only
/// where the column holds the value. So many rows can be compared with their images by one query. Where there is no
/// such form (another character set, long texts, values that the servers spell each in its own way) the server has to
/// compare, see TargetTable::append_compare(). Const after construction; for sessions of `Connection`.
class CellForm {
 public:
  /// The longest text or bytes that are compared so; longer ones are shown cut, so that an answer has a bounded size.
  static constexpr std::size_t kBytesMax = 8192;

  CellForm(const Column& column, const ColumnSchema& target);

  /// What is selected, of the column with this quoted name.
  [[nodiscard]] std::string expression(std::string_view name) const;
  /// Nothing: the value has no form here. Views into the value or `scratch`. Not for NULL.
  [[nodiscard]] std::optional<std::string_view> of_value(const Value& value, std::string& scratch) const;
  /// Of a cell of expression(). Views into the cell or `scratch`. Not for NULL.
  [[nodiscard]] std::string_view of_cell(std::string_view cell, std::string& scratch) const;

 private:
  enum class Kind : std::uint8_t {
    kNone,      ///< no form
    kInteger,   ///< decimal digits
    kReal,      ///< the eight bytes of a double
    kNumber,    ///< ENUM, SET, BIT: decimal digits of the number that is stored
    kFraction,  ///< DECIMAL, temporals: without zeros at the fraction's end
    kText,      ///< UTF-8, or the bytes of the source's character set
    kPadded,    ///< BINARY(n): without NUL bytes at the end
  };
  [[nodiscard]] static Kind kind_of(const Column& column, const ColumnSchema& target);

  const ColumnType type_;
  const Kind kind_;
  const bool is_long_;   ///< the target's column may hold more than kBytesMax
  const bool as_bytes_;  ///< text is shown in the column's own character set, which is the source's
  const bool may_lose_;  ///< what is shown of text may have a question mark for a character that was lost
  std::string convert_;  ///< the character set in which text is shown; empty: UTF-8, or bytes
  const LiteralWriter literal_;
};

}  // namespace farshore::mysql
