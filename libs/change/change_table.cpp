#include "change/change_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "change/cascade_message.hpp"
#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {
namespace {

std::expected<Column, MessageError> from_message(const v1::Column& message) {
  if (has_unknown_fields(message) || message.type() > static_cast<int>(kColumnTypes.size())) {
    return std::unexpected(MessageError::kNewerFormat);
  }
  const bool sizes_fit = !message.name().empty() && message.name().size() <= kNameBytesMax &&
                         message.charset().size() <= kNameBytesMax &&
                         static_cast<std::size_t>(message.labels_size()) <= kLabelsMax;
  if (!sizes_fit || message.type() <= 0) return std::unexpected(MessageError::kMalformed);
  Column column;
  column.name = message.name();
  column.type = static_cast<ColumnType>(message.type());
  column.is_unsigned = message.is_unsigned();
  column.nullable = message.nullable();
  column.length = message.length();
  column.scale = message.scale();
  column.collation = message.collation();
  column.charset = message.charset();
  column.labels.assign(message.labels().begin(), message.labels().end());
  return column;
}

void to_message(const Column& column, v1::Column& message) {
  message.set_name(column.name);
  message.set_type(static_cast<v1::ColumnType>(column.type));
  message.set_is_unsigned(column.is_unsigned);
  message.set_nullable(column.nullable);
  message.set_length(column.length);
  message.set_scale(column.scale);
  message.set_collation(column.collation);
  message.set_charset(column.charset);
  for (const std::string& label : column.labels) message.add_labels(label);
}

std::expected<std::vector<CascadingKey>, MessageError> ties_of(const v1::Table& message) {
  const auto count = static_cast<std::size_t>(message.ties_size());
  if (count > kTableTiesMax || (count > 0 && !message.repeats_cascades())) {
    return std::unexpected(MessageError::kMalformed);
  }
  std::vector<CascadingKey> ties;
  ties.reserve(count);
  for (const v1::Cascade& tie : message.ties()) {
    auto key = cascading_key_of(tie);
    if (!key) return std::unexpected(key.error());
    ties.push_back(std::move(*key));
  }
  return ties;
}

ChangeTable make_table(TableShape shape, std::string_view group, bool repeats_cascades,
                       std::vector<CascadingKey> ties) {
  ChangeTable table{std::move(shape), std::string(group), repeats_cascades, std::move(ties), {}};
  table.kinds.reserve(table.shape.columns.size());
  for (const Column& column : table.shape.columns) table.kinds.push_back(kind_of(column));
  return table;
}

bool key_is_valid(const std::vector<std::uint32_t>& key, std::size_t columns) {
  std::vector<std::uint32_t> sorted = key;
  std::ranges::sort(sorted);
  return (sorted.empty() || sorted.back() < columns) && std::ranges::adjacent_find(sorted) == sorted.end();
}

}  // namespace

Value::Kind kind_of(const Column& column) {
  switch (column.type) {
    case ColumnType::kTinyint:
    case ColumnType::kSmallint:
    case ColumnType::kMediumint:
    case ColumnType::kInt:
    case ColumnType::kBigint: return column.is_unsigned ? Value::Kind::kUint : Value::Kind::kInt;
    case ColumnType::kBit:
    case ColumnType::kYear:
    case ColumnType::kEnum:
    case ColumnType::kSet: return Value::Kind::kUint;
    case ColumnType::kFloat: return Value::Kind::kFloat;
    case ColumnType::kDouble: return Value::Kind::kDouble;
    case ColumnType::kChar:
    case ColumnType::kVarchar:
    case ColumnType::kText: return Value::Kind::kBytes;
    case ColumnType::kDecimal:
    case ColumnType::kDate:
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kTimestamp:
    case ColumnType::kJson: return Value::Kind::kText;
  }
  return Value::Kind::kNull;
}

std::shared_ptr<const EncodedTable> encode_table(const TableShape& shape, std::string_view group, bool repeats_cascades,
                                                 std::span<const CascadingKey> ties) {
  FARSHORE_CHECK(ties.empty() || repeats_cascades);
  ties = ties.first(std::min(ties.size(), kTableTiesMax));
  v1::Table message;
  message.set_schema(shape.schema);
  message.set_name(shape.name);
  for (const Column& column : shape.columns) to_message(column, *message.add_columns());
  for (const std::uint32_t column : shape.key) message.add_key(column);
  message.set_group(std::string(group));
  message.set_repeats_cascades(repeats_cascades);
  for (const CascadingKey& key : ties) to_message(key, *message.add_ties());
  auto table = std::make_shared<EncodedTable>();
  table->table = make_table(shape, group, repeats_cascades, {ties.begin(), ties.end()});
  message.SerializeToString(&table->bytes);
  return table;
}

std::expected<ChangeTable, MessageError> parse_table(std::string_view bytes) {
  v1::Table message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  const auto columns = static_cast<std::size_t>(message.columns_size());
  const auto name_fits = [](const std::string& name) { return !name.empty() && name.size() <= kNameBytesMax; };
  if (columns == 0 || columns > kColumnsMax || !name_fits(message.schema()) || !name_fits(message.name()) ||
      message.group().size() > kNameBytesMax) {
    return std::unexpected(MessageError::kMalformed);
  }
  TableShape shape{message.schema(), message.name(), {}, {message.key().begin(), message.key().end()}};
  if (!key_is_valid(shape.key, columns)) return std::unexpected(MessageError::kMalformed);
  shape.columns.reserve(columns);
  for (const v1::Column& column_message : message.columns()) {
    auto column = from_message(column_message);
    if (!column) return std::unexpected(column.error());
    shape.columns.push_back(std::move(*column));
  }
  auto ties = ties_of(message);
  if (!ties) return std::unexpected(ties.error());
  return make_table(std::move(shape), message.group(), message.repeats_cascades(), std::move(*ties));
}

std::size_t TableCache::Hash::operator()(std::string_view bytes) const {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::expected<std::shared_ptr<const ChangeTable>, MessageError> TableCache::find_or_parse(std::string_view bytes) {
  if (const auto found = tables_.find(bytes); found != tables_.end()) return found->second;
  auto parsed = parse_table(bytes);
  if (!parsed) return std::unexpected(parsed.error());
  auto table = std::make_shared<const ChangeTable>(std::move(*parsed));
  if (tables_.size() >= tables_max_ || bytes_ + bytes.size() > bytes_max_) {
    tables_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes.size();
  tables_.emplace(bytes, table);
  return table;
}

}  // namespace farshore::change
