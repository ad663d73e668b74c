#include "base/table_name.hpp"

#include <algorithm>

namespace farshore {
namespace {

/// Stands for a point of a schema's name: the servers take no character of four bytes in a name.
constexpr std::string_view kPointOfSchema = "\xF0\x9F\x9E\x84";

/// The first byte that stands for the schema's character at `at`, or for its end, in the text.
unsigned char byte_at(std::string_view schema, std::size_t at) {
  if (at == schema.size()) return '.';
  return static_cast<unsigned char>(schema[at] == '.' ? kPointOfSchema.front() : schema[at]);
}

}  // namespace

std::string TableName::to_string() const {
  std::string text;
  text.reserve(schema.size() + 1 + table.size());
  for (const char c : schema) {
    if (c == '.')
      text += kPointOfSchema;
    else
      text += c;
  }
  return text.append(".").append(table);
}

std::optional<TableName> TableName::parse(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || point == 0 || point + 1 == text.size()) return std::nullopt;
  TableName name;
  for (std::string_view rest = text.substr(0, point); !rest.empty();) {
    const bool is_point = rest.starts_with(kPointOfSchema);
    name.schema += is_point ? '.' : rest.front();
    rest.remove_prefix(is_point ? kPointOfSchema.size() : 1);
  }
  name.table = text.substr(point + 1);
  return name;
}

std::strong_ordering operator<=>(const TableName& a, const TableName& b) {
  const std::size_t both = std::min(a.schema.size(), b.schema.size());
  std::size_t at = 0;
  while (at < both && a.schema[at] == b.schema[at]) ++at;
  if (at == a.schema.size() && at == b.schema.size()) return a.table <=> b.table;
  return byte_at(a.schema, at) <=> byte_at(b.schema, at);
}

}  // namespace farshore
