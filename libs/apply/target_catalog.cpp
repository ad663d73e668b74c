#include "apply/target_catalog.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace farshore::apply {
namespace {

constexpr std::size_t kMaxTables = 4096;

}  // namespace

std::expected<std::shared_ptr<const TargetTable>, Unbound> TargetCatalog::find(
    mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind) {
  const auto now = std::chrono::steady_clock::now();
  const Key key(source.get(), source_kind);
  if (const auto found = tables_.find(key); found != tables_.end() && now - found->second.read_at < max_age_) {
    return found->second.table;
  }
  const TableShape& shape = source->shape;
  const auto schema = mysql::read_table_schema(connection, shape.schema, shape.name);
  if (!schema) return std::unexpected(Unbound{.error = schema.error(), .reason = {}});
  if (!*schema) {
    return std::unexpected(
        Unbound{.error = std::nullopt, .reason = fmt::format("table {} does not exist here", shape.full_name())});
  }
  auto bound = TargetTable::bind(source, source_kind, **schema, rules_.route(shape.schema, shape.name).merge);
  if (!bound) return std::unexpected(Unbound{.error = std::nullopt, .reason = std::move(bound.error())});
  if (tables_.size() >= kMaxTables) tables_.clear();
  auto table = std::make_shared<const TargetTable>(std::move(*bound));
  tables_[key] = {.source = source, .table = table, .read_at = now};
  return table;
}

}  // namespace farshore::apply
