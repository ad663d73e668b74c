#include "apply/parked_key.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <span>

#include "change/key.hpp"

namespace farshore::apply {
namespace {

// The source's own bytes: a key that changes by as much as one byte comes as a delete and an insert, a key of another
// shape only behind a barrier. What the target holds equal, now or after an ALTER, does not matter here.
ParkedKey key_of(const TargetTable& target, std::span<const Value> row) {
  const TableShape& shape = target.source().shape;
  std::string bytes;
  change::encode_key(row, shape, bytes);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  static_assert(sizeof canonical.digest == 16);
  ParkedKey key{.schema = shape.schema, .table = shape.name, .hash = {}};
  std::memcpy(key.hash.data(), canonical.digest, key.hash.size());
  return key;
}

UniqueValue unique_value(const TargetTable& target, std::uint32_t column, const Value& value) {
  const TableShape& shape = target.source().shape;
  std::string bytes = fmt::format("{}.{}.{}.", shape.schema, shape.name, shape.columns[column].name);
  change::append_canonical(value, shape.columns[column], false, bytes);
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace

std::vector<ParkedKey> keys_of(const RowOp& op) {
  std::vector<ParkedKey> keys{key_of(*op.target, op.change->row())};
  if (!op.target->keeps_key(*op.change)) {
    std::vector<Value> before;
    row_before(*op.change, before);
    keys.push_back(key_of(*op.target, before));
  }
  return keys;
}

std::vector<UniqueValue> values_wanted(const RowOp& op) {
  std::vector<UniqueValue> values;
  if (op.is_delete()) return values;
  for (const std::uint32_t column : op.target->unique_columns()) {
    values.push_back(unique_value(*op.target, column, op.change->after[column]));
  }
  return values;
}

std::vector<UniqueValue> values_freed(const RowOp& op) {
  std::vector<UniqueValue> values;
  const bool is_merged = op.first_change().table == op.change->table;  // and not of two shapes
  const change::ChangeView& first = is_merged ? op.first_change() : *op.change;
  if (!change::had_row(first.op) || op.target->unique_columns().empty()) return values;
  std::vector<Value> before;
  row_before(first, before);
  for (const std::uint32_t column : op.target->unique_columns()) {
    if (!op.is_delete() && op.change->after[column] == before[column]) continue;
    values.push_back(unique_value(*op.target, column, before[column]));
  }
  return values;
}

}  // namespace farshore::apply
