#include "change/partitioner.hpp"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.hpp"
#include "change/key.hpp"

namespace farshore::change {
namespace {

PartitionId partition_of(std::string_view bytes, std::uint32_t partitions) {
  return PartitionId(static_cast<std::int32_t>(XXH3_64bits(bytes.data(), bytes.size()) % partitions));
}

std::string marked(char mark, std::string_view name) {
  std::string bytes(1, mark);
  return bytes.append(name);
}

std::string key_prefix(std::string_view full_name) {
  const auto size = static_cast<std::uint32_t>(full_name.size());
  std::array<char, sizeof size> bytes;
  std::memcpy(bytes.data(), &size, sizeof size);
  std::string prefix = "k";
  prefix.append(bytes.data(), bytes.size());
  return prefix.append(full_name);
}

}  // namespace

std::expected<Partitioner, std::string> Partitioner::make(const Route& route, const TableShape& shape,
                                                          ServerKind source, std::uint32_t partitions) {
  FARSHORE_CHECK(partitions > 0, partitions);
  Partitioner made;
  made.partitions_ = partitions;
  const auto hash_column = [&](std::uint32_t index) {
    const Column& column = shape.columns[index];
    const bool pads = family_of(column.type) == TypeFamily::kString && column.charset != "binary" &&
                      find_collation(source, column.collation).pads;
    made.columns_.push_back({index, pads, column});
  };

  if (!route.group.empty()) {
    made.constant_ = partition_of(marked('g', route.group), partitions);
    return made;
  }
  if (!route.entity.empty()) {
    const auto entity =
        std::ranges::find_if(shape.key, [&](std::uint32_t i) { return shape.columns[i].name == route.entity; });
    if (entity == shape.key.end()) {
      return std::unexpected(
          fmt::format("entity column \"{}\" of table {} is not in its primary key: add it to the key, "
                      "or leave the entity out of the table's rule",
                      route.entity, shape.full_name()));
    }
    if (!column_is_bytewise(shape.columns[*entity], source)) {
      return std::unexpected(
          fmt::format("entity column \"{}\" of table {} compares by more than its bytes: give it a _bin collation, or "
                      "leave the entity out of the table's rule",
                      route.entity, shape.full_name()));
    }
    made.prefix_.assign(1, 'e');
    hash_column(*entity);
    return made;
  }
  made.prefix_ = key_prefix(shape.full_name());
  for (const std::uint32_t index : shape.key) {
    if (column_is_bytewise(shape.columns[index], source)) hash_column(index);
  }
  if (made.columns_.empty()) made.constant_ = partition_of(marked('t', shape.full_name()), partitions);
  return made;
}

PartitionId Partitioner::of(std::span<const Value> row, std::string& scratch) const {
  if (columns_.empty()) return constant_;
  scratch = prefix_;
  for (const HashedColumn& hashed : columns_) append_canonical(row[hashed.index], hashed.column, hashed.pads, scratch);
  return partition_of(scratch, partitions_);
}

}  // namespace farshore::change
