#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/collation.hpp"
#include "binlog/table_map.hpp"
#include "capture/key_shapes.hpp"
#include "capture/partitions.hpp"
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
    kStops,      ///< the stream cannot go on; some of their event may be numbered
    kEndsEpoch,  ///< they belong to the next epoch: one has to begin before their transaction; none of them is numbered
  };
  Kind kind = Kind::kStops;
  std::string sentence;  ///< why
};

/// Finds where rows go, from the shape in the binlog and the rules alone: never from the live schema, so that a replay
/// decides the same. Not thread safe.
class RowRouter {
 public:
  /// All of these outlive the router. `shapes`: those of the epoch; null: its numbering does not keep them.
  RowRouter(const change::TableRules& rules, const Partitions& partitions, ServerKind source, KeyShapes* shapes)
      : rules_(rules), partitions_(partitions), source_(source), shapes_(shapes) {}

  /// The table must be captured. The pointer lives until the next call.
  [[nodiscard]] std::expected<const RoutedTable*, RowsRefusal> find(const binlog::TableMap& table) {
    if (table.shape_id == last_id_) return last_;
    return find_slow(table);
  }

  /// The rules' ties are others: tables are made again as their rows come.
  void forget() {
    tables_.clear();
    last_id_ = 0;
    last_ = nullptr;
  }

 private:
  static constexpr std::size_t kTablesMax = 4096;  ///< shapes remembered; beyond, all are made again as they come

  [[nodiscard]] std::expected<const RoutedTable*, RowsRefusal> find_slow(const binlog::TableMap& table);
  [[nodiscard]] std::expected<RoutedTable, std::string> make(const binlog::TableMap& table) const;
  [[nodiscard]] std::optional<std::string> other_shape(const RoutedTable& table);

  const change::TableRules& rules_;
  const Partitions& partitions_;
  const ServerKind source_;
  KeyShapes* const shapes_;
  std::unordered_map<std::uint64_t, RoutedTable> tables_;  ///< by shape id
  std::uint64_t last_id_ = 0;
  const RoutedTable* last_ = nullptr;
};

}  // namespace farshore::capture
