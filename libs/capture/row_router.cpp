#include "capture/row_router.hpp"

#include <fmt/format.h>

namespace farshore::capture {

std::expected<const RoutedTable*, std::string> RowRouter::find_slow(const binlog::TableMap& table) {
  auto found = tables_.find(table.shape_id);
  if (found == tables_.end()) {
    auto made = make(table);
    if (!made) return std::unexpected(made.error());
    if (tables_.size() >= kTablesMax) tables_.clear();
    found = tables_.emplace(table.shape_id, std::move(*made)).first;
  }
  last_id_ = table.shape_id;
  last_ = &found->second;
  return last_;
}

std::expected<RoutedTable, std::string> RowRouter::make(const binlog::TableMap& table) const {
  const TableShape& shape = *table.shape;
  const change::Route route = rules_.route(shape.schema, shape.name);
  if (shape.key.empty())
    return std::unexpected(
        fmt::format("table {} has no primary key, so its rows cannot be told apart at another "
                    "region: add a primary key, or leave the table out of every stream",
                    shape.full_name()));
  // A key over a prefix of a column makes rows equal whose columns differ: such a table keeps to one partition.
  TableShape hashed = shape;
  if (table.key_has_prefix) hashed.key.clear();
  const auto partition_count = rules_.streams()[route.stream].partitions;
  auto partitioner = change::Partitioner::make(route, hashed, source_, partition_count);
  if (!partitioner) return std::unexpected(partitioner.error());
  return RoutedTable{
      .encoded = change::encode_table(shape, route.group, route.repeats_cascades),
      .partitioner = std::move(*partitioner),
      .first_slot = partitions_.slot(route.stream, PartitionId(0)),
      .in_group = !route.group.empty(),
      .key = shape.key,
  };
}

}  // namespace farshore::capture
