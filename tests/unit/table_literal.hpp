#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

#include "base/table_name.hpp"

namespace farshore {

/// "shop.orders"_table
inline TableName operator""_table(const char* text, std::size_t size) {
  return TableName::parse(std::string_view(text, size)).value();
}
/// Shown where an expectation is not met.
inline void PrintTo(const TableName& table, std::ostream* out) { *out << table.to_string(); }

}  // namespace farshore
