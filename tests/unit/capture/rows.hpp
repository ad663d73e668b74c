#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/row_change.hpp"
#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "change/batch_reader.hpp"
#include "change/op.hpp"

/// Rows without a source: tables of BIGINT columns.
namespace farshore::capture::test {

/// As the router takes one.
struct Table {
  std::shared_ptr<const TableShape> shape;
  std::vector<std::uint32_t> prefix_columns;
};

/// The first `keys` of its columns are its primary key. Each call gives another object of the shape.
inline Table bigint_table(const std::string& schema, const std::string& name, std::size_t columns, std::size_t keys) {
  TableShape shape;
  shape.schema = schema;
  shape.name = name;
  for (std::size_t i = 0; i < columns; ++i) {
    Column column;
    column.name = "c" + std::to_string(i);
    column.type = ColumnType::kBigint;
    shape.columns.push_back(column);
    if (i < keys) shape.key.push_back(static_cast<std::uint32_t>(i));
  }
  return {.shape = std::make_shared<const TableShape>(std::move(shape)), .prefix_columns = {}};
}

using Row = std::vector<std::int64_t>;

/// Rows of one table that were changed in the same way; owns their values.
class Rows {
 public:
  static Rows insert(const Table& table, const std::vector<Row>& rows) {
    Rows made(change::Op::kInsert, table);
    for (const Row& row : rows) made.images_.push_back({{}, values(row)});
    return made;
  }
  static Rows remove(const Table& table, const std::vector<Row>& rows) {
    Rows made(change::Op::kDelete, table);
    for (const Row& row : rows) made.images_.push_back({values(row), {}});
    return made;
  }
  static Rows update(const Table& table, const Row& before, const Row& after) {
    Rows made(change::Op::kUpdate, table);
    made.images_.push_back({values(before), values(after)});
    return made;
  }
  /// The session had foreign_key_checks=0.
  Rows without_foreign_keys() && {
    foreign_keys_off_ = true;
    return std::move(*this);
  }
  [[nodiscard]] const Table& table() const { return table_; }
  [[nodiscard]] change::Op op() const { return op_; }
  [[nodiscard]] bool foreign_keys_off() const { return foreign_keys_off_; }
  [[nodiscard]] std::vector<RowChange> changes() const {
    std::vector<RowChange> changes;
    for (const auto& [before, after] : images_) changes.push_back({.before = before, .after = after});
    return changes;
  }

 private:
  using Values = std::vector<Value>;
  static Values values(const Row& row) {
    Values values;
    for (const std::int64_t number : row) values.push_back(Value::of_int(number));
    return values;
  }

  Rows(change::Op op, Table table) : op_(op), table_(std::move(table)) {}
  change::Op op_;
  Table table_;
  std::vector<std::pair<Values, Values>> images_;  ///< before and after
  bool foreign_keys_off_ = false;
};

/// A change as a reader of the topic sees it.
inline std::string words(const change::ChangeView& change) {
  std::string text(change::to_string(change.op));
  if (change.key_change) text += " half";
  if (change.no_cascade) text += " no-cascade";
  for (const Value& value : change.row()) text += " " + std::to_string(value.as_int());
  if (change.last_in_transaction) text += " last";
  return text;
}

}  // namespace farshore::capture::test
