#include "change/key_shape.hpp"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>

#include "change/key.hpp"

namespace farshore::change {
namespace {

/// Unambiguous, whatever the name holds.
void append_quoted(char quote, std::string_view text, std::string& out) {
  out.push_back(quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == quote || c == '\\') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back(quote);
}

std::string_view name_of(const Column& column) {
  const TypeInfo& info = info_of(column.type);
  return column.charset == "binary" ? info.binary_name : info.name;
}

void append_labels(const Column& column, std::string& out) {
  out.push_back('(');
  for (std::size_t i = 0; i < column.labels.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_quoted('\'', column.labels[i], out);
  }
  out.push_back(')');
}

void append_charset(const Column& column, ServerKind source, std::string& out) {
  if (column.charset.empty() && column.collation == 0) return;
  const Collation& collation = find_collation(source, column.collation);
  const bool is_known = !collation.name.empty();
  out.push_back(' ');
  out += is_known ? std::string(collation.name) : column.charset;
  // The number says it where the name does not, and how it compares is what counts.
  fmt::format_to(std::back_inserter(out), "{}{}{}", is_known ? "" : fmt::format(" collation {}", column.collation),
                 collation.pads ? " padded" : "", column_is_bytewise(column, source) ? " by bytes" : "");
}

void append_column(const Column& column, ServerKind source, std::string& out) {
  append_quoted('`', column.name, out);
  out.push_back(' ');
  out += name_of(column);
  switch (column.type) {
    case ColumnType::kDecimal: fmt::format_to(std::back_inserter(out), "(scale {})", column.scale); break;
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kTimestamp:
      if (column.scale > 0) fmt::format_to(std::back_inserter(out), "({})", column.scale);
      break;
    case ColumnType::kChar:
      if (column.charset == "binary")
        fmt::format_to(std::back_inserter(out), "({})", column.length);
      else
        append_charset(column, source, out);
      break;
    case ColumnType::kVarchar:
    case ColumnType::kText:
      if (column.charset != "binary") append_charset(column, source, out);
      break;
    case ColumnType::kEnum:
    case ColumnType::kSet:
      append_labels(column, out);
      if (column.charset != "binary") append_charset(column, source, out);
      break;
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kBit:
    case ColumnType::kYear:
    case ColumnType::kDate:
    case ColumnType::kJson: break;
  }
  if (column.is_unsigned) out += " UNSIGNED";
}

}  // namespace

std::string key_shape(const TableShape& shape, std::span<const std::uint32_t> prefix_columns, ServerKind source) {
  std::string out = "(";
  for (const std::uint32_t index : shape.key) {
    if (out.size() > 1) out += ", ";
    append_column(shape.columns[index], source, out);
    if (std::ranges::find(prefix_columns, index) != prefix_columns.end()) out += " prefix";
  }
  out.push_back(')');
  return out;
}

std::uint64_t shape_digest(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace farshore::change
