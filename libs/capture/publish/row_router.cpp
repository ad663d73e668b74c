#include "capture/publish/row_router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "change/limits.hpp"

namespace farshore::capture {

namespace {

bool has_column(const TableShape& shape, std::span<const std::uint32_t> columns, std::string_view name) {
  return std::ranges::any_of(columns, [&](std::uint32_t index) { return shape.columns[index].name == name; });
}

/// Labels may be many.
std::string cut(const std::string& key_shape) {
  constexpr std::size_t kBytesMax = 200;
  return key_shape.size() <= kBytesMax ? key_shape : key_shape.substr(0, kBytesMax) + "...";
}

}  // namespace

std::expected<const RoutedTable*, RowsRefusal> RowRouter::find_slow(const std::shared_ptr<const TableShape>& shape,
                                                                    std::span<const std::uint32_t> prefix_columns) {
  auto found = tables_.find(shape);
  if (found == tables_.end()) {
    auto made = make(*shape, prefix_columns);
    if (!made) return std::unexpected(RowsRefusal{RowsRefusal::Kind::kStops, made.error()});
    if (auto why = other_shape(*made))
      return std::unexpected(RowsRefusal{RowsRefusal::Kind::kEndsEpoch, std::move(*why)});
    if (tables_.size() >= kTablesMax) tables_.clear();
    found = tables_.emplace(shape, std::move(*made)).first;
  }
  last_shape_ = shape.get();
  last_ = &found->second;
  return last_;
}

/// Why the table's rows do not belong to the epoch; nothing: they do.
std::optional<std::string> RowRouter::other_shape(const RoutedTable& table) {
  if (shapes_ == nullptr) return std::nullopt;
  const std::string name = table.encoded->table.shape.full_name();
  switch (shapes_->take(change::shape_digest(name), change::shape_digest(table.key_shape))) {
    case KeyShapes::Taken::kSame: return std::nullopt;
    case KeyShapes::Taken::kOther: break;
    case KeyShapes::Taken::kFull:
      return fmt::format("{} tables had changes in this epoch, and {} is one more", change::kKnownKeysMax, name);
  }
  // What was read in an earlier session is known by its digest alone.
  for (const auto& [shape, known] : tables_)
    if (known.encoded->table.shape.full_name() == name)
      return fmt::format("the key of table {} changed: it was {}, and is {}", name, cut(known.key_shape),
                         cut(table.key_shape));
  return fmt::format("the key of table {} changed: it is {}", name, cut(table.key_shape));
}

std::expected<RoutedTable, std::string> RowRouter::make(const TableShape& shape,
                                                        std::span<const std::uint32_t> prefix_columns) const {
  const change::Route route = rules_.route(shape.schema, shape.name);
  if (change::is_system_schema(shape.schema))
    return std::unexpected(fmt::format(
        "schema {} of table {} is named as one of the servers' own or farshore but for the case of letters, and a "
        "region whose server does not tell them apart would write there: rename the schema, or leave it out (\"!{}.*\" "
        "in the stream's tables)",
        shape.schema, shape.full_name(), shape.schema));
  if (change::has_point(shape.schema)) return std::unexpected(change::refuse_pointed(shape.schema, shape.name));
  if (shape.key.empty())
    return std::unexpected(fmt::format(
        "table {} has no primary key, so its rows cannot be told apart at another region, and these are "
        "logged without one whatever is added to the table now: leave the table out (\"!{}\" in the "
        "stream's tables, or a table rule with merge: local), and start capture again; with a key it can be "
        "taken in later",
        shape.full_name(), shape.full_name()));
  // A key over a prefix of a column makes rows equal whose columns differ. Such a table keeps to one partition, unless
  // it is hashed by an entity that the key has whole.
  TableShape hashed = shape;
  if (route.group.empty() && has_column(shape, prefix_columns, route.entity))
    return std::unexpected(fmt::format(
        "the primary key takes only a prefix of entity column \"{}\" of table {}: put the whole column into "
        "the key, or leave the entity out of the table's rule",
        route.entity, shape.full_name()));
  if (!prefix_columns.empty() && route.entity.empty()) hashed.key.clear();
  const auto partition_count = rules_.streams()[route.stream].partitions;
  auto partitioner = change::Partitioner::make(route, hashed, source_, partition_count);
  if (!partitioner) return std::unexpected(partitioner.error());
  return RoutedTable{
      .encoded = change::encode_table(shape, route.group, route.repeats_cascades, route.ties),
      .partitioner = std::move(*partitioner),
      .first_slot = partitions_.slot(route.stream, PartitionId(0)),
      .in_group = !route.group.empty(),
      .key = shape.key,
      .key_shape = change::key_shape(shape, prefix_columns, source_),
  };
}

}  // namespace farshore::capture
