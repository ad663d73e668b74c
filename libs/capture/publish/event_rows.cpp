#include "capture/publish/event_rows.hpp"

#include "base/check.hpp"
#include "base/row_change.hpp"
#include "change/op.hpp"

namespace farshore::capture {

namespace {

change::Op op_of(binlog::RowChangeKind kind) { return change::op_between(has_before(kind), has_after(kind)); }

}  // namespace

std::optional<RowsRefusal> EventRows::add(const binlog::RowsEvent& rows) {
  FARSHORE_CHECK(rows.table->captured);
  const auto table = router_.find(rows.table->shape, rows.table->prefix_columns);
  if (!table) return table.error();
  cursor_.start(rows);
  const change::Op op = op_of(rows.op);
  RowChange row;
  while (cursor_.next(row))
    if (!numberer_.add(**table, op, row, rows.foreign_keys_off))
      return RowsRefusal{RowsRefusal::Kind::kStops, numberer_.refusal()};
  if (!cursor_.error().empty()) return RowsRefusal{RowsRefusal::Kind::kStops, cursor_.error()};
  return std::nullopt;
}

}  // namespace farshore::capture
