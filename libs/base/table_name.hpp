#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace farshore {

/// A table by its names at a server.
struct TableName {
  std::string schema;
  std::string table;

  /// "schema.table", as it is stored and sent. No two tables have the same: a point of the schema's name becomes a
  /// character that no name at a server has.
  [[nodiscard]] std::string to_string() const;
  /// The same with the names as they are, which need not tell one table from another.
  [[nodiscard]] std::string for_people() const { return schema + "." + table; }
  /// Of what to_string() gave. Returns nullopt if a name is missing.
  [[nodiscard]] static std::optional<TableName> parse(std::string_view text);

  friend bool operator==(const TableName&, const TableName&) = default;
  /// The order of their texts, which decides the form of what is stored. Allocates nothing.
  friend std::strong_ordering operator<=>(const TableName& a, const TableName& b);
};

}  // namespace farshore
