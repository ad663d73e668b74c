#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/collation.hpp"
#include "base/table_shape.hpp"
#include "base/value.hpp"

namespace farshore::change {

/// Whether two values of the column are equal at the source only when their canonical bytes (append_canonical) are:
/// integers, decimals, temporals, ENUM, SET, BIT, and strings of a bytewise collation. Not FLOAT, DOUBLE, JSON, nor a
/// collation that is not known.
[[nodiscard]] bool column_is_bytewise(const Column& column, ServerKind source);
/// All columns of the primary key are.
[[nodiscard]] bool key_is_bytewise(const TableShape& shape, ServerKind source);

/// The characters that a padding collation passes over at the end of a string.
[[nodiscard]] std::string_view without_trailing_pad(std::string_view bytes, std::string_view charset);

/// Appends the value in the one form that equal values share: integers by number whatever their width or sign,
/// minus zero as zero, strings without trailing pad if `pads`. Self-delimiting.
void append_canonical(const Value& value, const Column& column, bool pads, std::string& out);

/// Appends the key of a full row as bytes for maps: equal bytes for equal images, nothing more (columns that are not
/// bytewise are taken as they are).
void encode_key(std::span<const Value> row, const TableShape& shape, std::string& out);

/// The key for people: `1001`, or `(1001, 'east')`. At most about 200 bytes.
[[nodiscard]] std::string key_text(std::span<const Value> row, const TableShape& shape);

}  // namespace farshore::change
