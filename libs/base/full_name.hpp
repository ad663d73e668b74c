#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace farshore {

/// Stands for a point of a schema's name: a character that no name at a server has, as they have none of four bytes.
inline constexpr std::string_view kPointOfSchema = "\xF0\x9F\x9E\x84";

/// "schema.table", so that two tables never have the same: its first point ends the schema.
[[nodiscard]] inline std::string full_name(std::string_view schema, std::string_view table) {
  std::string name;
  for (const char c : schema) {
    if (c == '.')
      name += kPointOfSchema;
    else
      name += c;
  }
  return name.append(".").append(table);
}

/// The schema and the table of a full name. Without a point it is a schema.
[[nodiscard]] inline std::pair<std::string, std::string> split_full_name(std::string_view full_name) {
  const std::size_t point = full_name.find('.');
  std::string schema;
  for (std::string_view rest = full_name.substr(0, point); !rest.empty();) {
    const bool is_point = rest.starts_with(kPointOfSchema);
    schema += is_point ? '.' : rest.front();
    rest.remove_prefix(is_point ? kPointOfSchema.size() : 1);
  }
  return {std::move(schema), std::string(point == std::string_view::npos ? "" : full_name.substr(point + 1))};
}

}  // namespace farshore
