#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/collation.hpp"
#include "base/table_shape.hpp"
#include "capture/publish/key_shapes.hpp"
#include "capture/publish/partitions.hpp"
#include "change/change_table.hpp"
#include "change/partitioner.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// What is decided once for a table's shape and used for each of its rows.
struct RoutedTable {
  std::shared_ptr<const change::EncodedTable> encoded;
  change::Partitioner partitioner;
  Slot first_slot;        ///< of the stream's partition 0
  bool in_group = false;  ///< a key change stays one update
  std::vector<std::uint32_t> key;
  std::string key_shape;  ///< change::key_shape()
};

/// Why rows cannot be numbered.
struct RowsRefusal {
  enum class Kind : std::uint8_t {
    kStops,      ///< the stream cannot go on; some of them may be numbered
    kEndsEpoch,  ///< they belong to the next epoch: one has to begin before their transaction; none of them is numbered
  };
  Kind kind = Kind::kStops;
  std::string sentence;  ///< why
};

/// Finds where rows go, from the shape that they were read with and the rules alone: never from the live schema, so
/// that a replay decides the same. Not thread safe.
class RowRouter {
 public:
  /// All of these outlive the router. `shapes`: those of the epoch; null: its numbering does not keep them.
  RowRouter(const change::TableRules& rules, const Partitions& partitions, ServerKind source, KeyShapes* shapes)
      : rules_(rules), partitions_(partitions), source_(source), shapes_(shapes) {}

  /// The table must be captured. Rows of one shape share the object of it: another object is looked at anew, though it
  /// be equal. `prefix_columns` belong to the shape: those of which the primary key takes only a prefix, so that equal
  /// keys do not mean that they are equal. The pointer lives until the next call.
  [[nodiscard]] std::expected<const RoutedTable*, RowsRefusal> find(const std::shared_ptr<const TableShape>& shape,
                                                                    std::span<const std::uint32_t> prefix_columns) {
    if (shape.get() == last_shape_) return last_;
    return find_slow(shape, prefix_columns);
  }

  /// The rules' ties are others: tables are made again as their rows come.
  void forget() {
    tables_.clear();
    last_shape_ = nullptr;
    last_ = nullptr;
  }

 private:
  static constexpr std::size_t kTablesMax = 4096;  ///< shapes remembered; beyond, all are made again as they come

  [[nodiscard]] std::expected<const RoutedTable*, RowsRefusal> find_slow(const std::shared_ptr<const TableShape>& shape,
                                                                         std::span<const std::uint32_t> prefix_columns);
  [[nodiscard]] std::expected<RoutedTable, std::string> make(const TableShape& shape,
                                                             std::span<const std::uint32_t> prefix_columns) const;
  [[nodiscard]] std::optional<std::string> other_shape(const RoutedTable& table);

  const change::TableRules& rules_;
  const Partitions& partitions_;
  const ServerKind source_;
  KeyShapes* const shapes_;
  /// By the object of the shape, which lives on here: no other one takes its address.
  std::unordered_map<std::shared_ptr<const TableShape>, RoutedTable> tables_;
  const TableShape* last_shape_ = nullptr;  ///< one of them
  const RoutedTable* last_ = nullptr;
};

}  // namespace farshore::capture
