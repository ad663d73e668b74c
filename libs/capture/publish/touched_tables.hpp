#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/table_name.hpp"

namespace farshore::capture {

/// The tables that a transaction has changed, each once. Used again and again, it allocates nothing. Not thread safe.
class TouchedTables {
 public:
  void clear() { count_ = 0; }
  void add(std::string_view schema, std::string_view table);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// all_tables() alone if there are more than an epoch's start names.
  [[nodiscard]] std::vector<TableName> names() const;

 private:
  std::vector<TableName> tables_;  ///< the first count_ of them
  std::size_t count_ = 0;
};

}  // namespace farshore::capture
