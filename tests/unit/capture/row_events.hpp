#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/value.hpp"
#include "binlog/table_map.hpp"
#include "binlog/text_arena.hpp"
#include "rows.hpp"

/// Rows events without a source: tables of two BIGINT columns, c0 and c1.
namespace farshore::capture::test {

inline const char* read_bigint(const binlog::ColumnPlan&, const char* at, const char* end, binlog::TextArena&,
                               Value& value) {
  if (end - at < 8) return nullptr;
  std::int64_t number = 0;
  std::memcpy(&number, at, 8);
  value = Value::of_int(number);
  return at + 8;
}

/// As the decoder describes a captured table of two BIGINT columns.
inline binlog::TableMap table_map(const std::string& name, std::size_t keys) {
  const Table table = bigint_table("shop", name, 2, keys);
  binlog::TableMap map;
  map.schema = table.shape->schema;
  map.name = table.shape->name;
  map.captured = true;
  map.shape = table.shape;
  map.plan.resize(2);
  for (binlog::ColumnPlan& column : map.plan) column.decode = read_bigint;
  return map;
}

/// As it stands in an event.
inline std::string image(const Row& row) {
  std::string bytes((row.size() + 7) / 8, '\0');
  for (const std::int64_t value : row) {
    char number[8];
    std::memcpy(number, &value, 8);
    bytes.append(number, 8);
  }
  return bytes;
}

}  // namespace farshore::capture::test
