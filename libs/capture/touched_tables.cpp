#include "capture/touched_tables.hpp"

#include <ranges>

#include "change/epoch_start.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

void TouchedTables::add(std::string_view schema, std::string_view table) {
  if (count_ > change::kEpochTablesMax) return;
  // The last one first: it is the most likely.
  for (std::size_t i = count_; i-- > 0;)
    if (tables_[i].name == table && tables_[i].schema == schema) return;
  if (count_ == tables_.size()) tables_.emplace_back();
  tables_[count_].schema = schema;
  tables_[count_].name = table;
  ++count_;
}

std::vector<std::string> TouchedTables::names() const {
  if (count_ > change::kEpochTablesMax) return {std::string(change::kAllTables)};
  std::vector<std::string> names;
  for (const Table& table : tables_ | std::views::take(count_)) names.push_back(table.schema + "." + table.name);
  return names;
}

}  // namespace farshore::capture
