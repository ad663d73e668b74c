#include "capture/row_router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace farshore::capture {

namespace {

bool takes_prefix_of(const binlog::TableMap& table, std::string_view column) {
  return std::ranges::any_of(table.prefix_columns,
                             [&](std::uint32_t index) { return table.shape->columns[index].name == column; });
}

}  // namespace

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
  // A key over a prefix of a column makes rows equal whose columns differ. Such a table keeps to one partition, unless
  // it is hashed by an entity that the key has whole.
  TableShape hashed = shape;
  if (route.group.empty() && takes_prefix_of(table, route.entity))
    return std::unexpected(fmt::format(
        "the primary key takes only a prefix of entity column \"{}\" of table {}: put the whole column into "
        "the key, or leave the entity out of the table's rule",
        route.entity, shape.full_name()));
  if (!table.prefix_columns.empty() && route.entity.empty()) hashed.key.clear();
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
