#include "apply/cascade_reach.hpp"

#include <cstddef>
#include <utility>

#include "base/table_name.hpp"

namespace farshore::apply {

std::string folded_name(std::string_view schema, std::string_view table) {
  return mysql::lower_case(TableName{.schema = std::string(schema), .table = std::string(table)}.to_string());
}

std::vector<mysql::ForeignKey> keys_from(std::unordered_set<std::string> tables,
                                         std::span<const mysql::ForeignKey> keys) {
  std::vector<bool> is_reached(keys.size());
  for (bool grows = true; std::exchange(grows, false);) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (is_reached[i] || !keys[i].cascades()) continue;
      if (!tables.contains(folded_name(keys[i].parent_schema, keys[i].parent_table))) continue;
      is_reached[i] = grows = true;
      tables.insert(folded_name(keys[i].schema, keys[i].table));
    }
  }
  std::vector<mysql::ForeignKey> reached;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (is_reached[i]) reached.push_back(keys[i]);
  return reached;
}

}  // namespace farshore::apply
