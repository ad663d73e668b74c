#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/collation.hpp"
#include "binlog/table_map.hpp"
#include "binlog/table_map_parser.hpp"

namespace farshore::binlog {

/// The table definitions met so far, so that each is parsed once although every statement logs it again. Bounded: when
/// full it starts over. Not thread safe.
class TableMapCache {
 public:
  using Filter = std::function<bool(std::string_view schema, std::string_view table)>;

  explicit TableMapCache(ServerKind kind) : kind_(kind) {}
  void set_filter(Filter filter) { filter_ = std::move(filter); }

  /// The table that `head` describes. What cannot be read is told in its `problem`.
  [[nodiscard]] std::shared_ptr<const TableMap> find(const TableMapHead& head);

 private:
  [[nodiscard]] std::shared_ptr<const TableMap> parse(const TableMapHead& head);

  const ServerKind kind_;
  Filter filter_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const TableMap>> entries_;  ///< by hash of the definition
  std::size_t definition_bytes_ = 0;
  std::uint64_t last_shape_id_ = 0;
};

}  // namespace farshore::binlog
