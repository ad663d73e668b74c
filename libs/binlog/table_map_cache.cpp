#include "binlog/table_map_cache.hpp"

#include <xxhash.h>

#include <utility>

namespace farshore::binlog {
namespace {

constexpr std::size_t kEntriesMax = 8192;
constexpr std::size_t kDefinitionBytesMax = 16U << 20;

}  // namespace

std::shared_ptr<const TableMap> TableMapCache::find(const TableMapHead& head) {
  const std::uint64_t hash = XXH3_64bits(head.definition.data(), head.definition.size());
  if (const auto found = entries_.find(hash); found != entries_.end() && found->second->definition == head.definition) {
    return found->second;
  }
  if (entries_.size() >= kEntriesMax || definition_bytes_ + head.definition.size() > kDefinitionBytesMax) {
    entries_.clear();
    definition_bytes_ = 0;
  }
  definition_bytes_ += head.definition.size();
  return entries_.insert_or_assign(hash, parse(head)).first->second;
}

std::shared_ptr<const TableMap> TableMapCache::parse(const TableMapHead& head) {
  auto map = std::make_shared<TableMap>();
  map->schema = head.schema;
  map->name = head.name;
  map->definition = head.definition;
  map->captured = !filter_ || filter_(head.schema, head.name);
  if (!map->captured) return map;
  map->shape_id = ++last_shape_id_;
  if (auto parsed = parse_columns(kind_, head.columns, *map); !parsed) map->problem = std::move(parsed.error());
  return map;
}

}  // namespace farshore::binlog
