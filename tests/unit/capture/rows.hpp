#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/table_map.hpp"

/// Rows events without a server: tables of BIGINT columns, whose row images the tests write themselves.
namespace farshore::capture::test {

inline const char* read_bigint(const binlog::ColumnPlan&, const char* at, const char* end, binlog::TextArena&,
                               Value& value) {
  if (end - at < 8) return nullptr;
  std::int64_t number = 0;
  std::memcpy(&number, at, 8);
  value = Value::of_int(number);
  return at + 8;
}

/// A captured table with BIGINT columns; the first `keys` of them are its primary key.
inline binlog::TableMap bigint_table(const std::string& schema, const std::string& name, std::size_t columns,
                                     std::size_t keys, std::uint64_t shape_id) {
  TableShape shape;
  shape.schema = schema;
  shape.name = name;
  binlog::TableMap table;
  for (std::size_t i = 0; i < columns; ++i) {
    Column column;
    column.name = "c" + std::to_string(i);
    column.type = ColumnType::kBigint;
    shape.columns.push_back(column);
    if (i < keys) shape.key.push_back(static_cast<std::uint32_t>(i));
    binlog::ColumnPlan plan;
    plan.decode = read_bigint;
    table.plan.push_back(plan);
  }
  table.schema = schema;
  table.name = name;
  table.captured = true;
  table.shape_id = shape_id;
  table.shape = std::make_shared<const TableShape>(std::move(shape));
  return table;
}

using Row = std::vector<std::int64_t>;

inline std::string image(const Row& row) {
  std::string bytes((row.size() + 7) / 8, '\0');
  for (const std::int64_t value : row) {
    char number[8];
    std::memcpy(number, &value, 8);
    bytes.append(number, 8);
  }
  return bytes;
}

/// One event's rows; owns their bytes.
class Rows {
 public:
  static Rows insert(const binlog::TableMap& table, const std::vector<Row>& rows) {
    Rows event(binlog::RowChangeKind::kInsert, table);
    for (const Row& row : rows) event.bytes_ += image(row);
    return event;
  }
  static Rows remove(const binlog::TableMap& table, const std::vector<Row>& rows) {
    Rows event(binlog::RowChangeKind::kDelete, table);
    for (const Row& row : rows) event.bytes_ += image(row);
    return event;
  }
  static Rows update(const binlog::TableMap& table, const Row& before, const Row& after) {
    Rows event(binlog::RowChangeKind::kUpdate, table);
    event.bytes_ = image(before) + image(after);
    return event;
  }
  /// The session had foreign_key_checks=0.
  Rows without_foreign_keys() && {
    foreign_keys_off_ = true;
    return std::move(*this);
  }
  [[nodiscard]] binlog::RowsEvent event() const {
    return {.op = op_,
            .table = table_,
            .rows = bytes_,
            .body_after_table_id = bytes_,
            .statement_end = true,
            .foreign_keys_off = foreign_keys_off_};
  }

 private:
  Rows(binlog::RowChangeKind op, const binlog::TableMap& table) : op_(op), table_(&table) {}
  binlog::RowChangeKind op_;
  const binlog::TableMap* table_;
  std::string bytes_;
  bool foreign_keys_off_ = false;
};

}  // namespace farshore::capture::test
