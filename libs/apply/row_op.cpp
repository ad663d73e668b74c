#include "apply/row_op.hpp"

#include <cstddef>

namespace farshore::apply {

void row_before(const change::ChangeView& change, std::vector<Value>& out) {
  if (!change::leaves_row(change.op)) {
    out.assign(change.before.begin(), change.before.end());
    return;
  }
  out.assign(change.after.begin(), change.after.end());
  for (std::size_t i = 0; i < change.before_columns.size(); ++i) out[change.before_columns[i]] = change.before[i];
}

}  // namespace farshore::apply
