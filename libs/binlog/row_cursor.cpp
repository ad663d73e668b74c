#include "binlog/row_cursor.hpp"

#include <fmt/format.h>

#include "base/check.hpp"

namespace farshore::binlog {

void RowCursor::start(const RowsEvent& event) {
  FARSHORE_CHECK(event.table != nullptr && event.table->captured && event.table->problem.empty());
  table_ = event.table;
  op_ = event.op;
  at_ = event.rows.data();
  end_ = at_ + event.rows.size();
  before_.resize(table_->plan.size());
  after_.resize(table_->plan.size());
  error_.clear();
}

bool RowCursor::next(RowChange& change) {
  change = {};
  if (at_ == end_) return false;
  arena_.reset();
  if (has_before(op_)) {
    if (!read_image(before_)) return false;
    change.before = before_;
  }
  if (has_after(op_)) {
    if (!read_image(after_)) return false;
    change.after = after_;
  }
  return true;
}

/// A row image: a bit for each column that is NULL, then the values of the others.
bool RowCursor::read_image(std::vector<Value>& values) {
  const std::vector<ColumnPlan>& plan = table_->plan;
  const std::size_t columns = plan.size();
  const std::size_t null_bytes = (columns + 7) / 8;
  if (static_cast<std::size_t>(end_ - at_) < null_bytes) return fail("the row is cut short");
  const char* nulls = at_;
  const char* at = at_ + null_bytes;
  for (std::size_t i = 0; i < columns; ++i) {
    if ((nulls[i / 8] >> (i % 8) & 1) != 0) {
      values[i] = Value::null();
      continue;
    }
    at = plan[i].decode(plan[i], at, end_, arena_, values[i]);
    if (at == nullptr) return fail(fmt::format("column {} cannot be read", table_->shape->columns[i].name));
  }
  at_ = at;
  return true;
}

bool RowCursor::fail(std::string_view what) {
  error_ = fmt::format("a row of table {} is malformed: {}", table_->shape->full_name(), what);
  at_ = end_;
  return false;
}

}  // namespace farshore::binlog
