#include "capture/publish/touched_tables.hpp"

#include "change/epoch_start.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

void TouchedTables::add(std::string_view schema, std::string_view table) {
  if (count_ > change::kEpochTablesMax) return;
  // The last one first: it is the most likely.
  for (std::size_t i = count_; i-- > 0;)
    if (tables_[i].table == table && tables_[i].schema == schema) return;
  if (count_ == tables_.size()) tables_.emplace_back();
  tables_[count_].schema = schema;
  tables_[count_].table = table;
  ++count_;
}

std::vector<TableName> TouchedTables::names() const {
  if (count_ > change::kEpochTablesMax) return {change::all_tables()};
  return {tables_.begin(), tables_.begin() + static_cast<std::ptrdiff_t>(count_)};
}

}  // namespace farshore::capture
