#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "base/numbers.hpp"
#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "change/table_rules.hpp"

namespace farshore::change {

/// Which partition a row of one table belongs to: XXH3-64 (seed 0) modulo the partitions, of
///   "g" group                                     if the table is in an order group,
///   "e" canonical bytes of the entity column      if the table has one (the same entity of all tables meets),
///   "k" u32 length, "schema.table", canonical bytes of each key column that is bytewise, in the key's order,
///   "t" "schema.table"                            if no key column is bytewise (or there is no key).
/// Canonical bytes: key.hpp. Deterministic, and part of the format: a change of it is a new kNumberingAlgorithm.
/// Made once for a shape; const, safe to share.
class Partitioner {
 public:
  /// An error is one sentence: the entity column is not there, not in the primary key, or not bytewise.
  [[nodiscard]] static std::expected<Partitioner, std::string> make(const Route& route, const TableShape& shape,
                                                                    ServerKind source, std::uint32_t partitions);

  /// `row` is a full image. `scratch` is only memory to use again.
  [[nodiscard]] PartitionId of(std::span<const Value> row, std::string& scratch) const;

 private:
  struct HashedColumn {
    std::uint32_t index;
    bool pads;
    Column column;
  };
  Partitioner() = default;

  std::uint32_t partitions_ = 1;
  std::string prefix_;
  std::vector<HashedColumn> columns_;  ///< empty: the partition does not depend on the row
  PartitionId constant_;
};

}  // namespace farshore::change
