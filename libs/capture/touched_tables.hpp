#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::capture {

/// The tables that a transaction has changed, each once. Used again and again, it allocates nothing. Not thread safe.
class TouchedTables {
 public:
  void clear() { count_ = 0; }
  void add(std::string_view schema, std::string_view table);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// "schema.table", or kAllTables alone if there are more than an epoch's start names.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Table {
    std::string schema;
    std::string name;
  };
  std::vector<Table> tables_;  ///< the first count_ of them
  std::size_t count_ = 0;
};

}  // namespace farshore::capture
