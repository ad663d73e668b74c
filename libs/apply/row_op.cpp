#include "apply/row_op.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace farshore::apply {
namespace {

// Whether row_before() is this row.
bool is_before(std::span<const Value> row, const change::ChangeView& change) {
  if (!change::leaves_row(change.op)) return std::ranges::equal(row, change.before);
  auto columns = change.before_columns;
  auto values = change.before;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool differs = !columns.empty() && columns.front() == i;
    if (row[i] != (differs ? values.front() : change.after[i])) return false;
    if (!differs) continue;
    columns = columns.subspan(1);
    values = values.subspan(1);
  }
  return true;
}

}  // namespace

void row_before(const change::ChangeView& change, std::vector<Value>& out) {
  if (!change::leaves_row(change.op)) {
    out.assign(change.before.begin(), change.before.end());
    return;
  }
  out.assign(change.after.begin(), change.after.end());
  for (std::size_t i = 0; i < change.before_columns.size(); ++i) out[change.before_columns[i]] = change.before[i];
}

bool follows(const RowOp& later, const RowOp& earlier) {
  const change::ChangeView& first = later.first_change();
  if (later.slice != earlier.slice || first.table != earlier.change->table) return false;
  if (change::had_row(first.op) != change::leaves_row(earlier.change->op)) return false;
  return !change::had_row(first.op) || is_before(earlier.change->after, first);
}

}  // namespace farshore::apply
