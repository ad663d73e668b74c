#pragma once

#include <cstdint>

#include "apply/target_table.hpp"
#include "change/batch_reader.hpp"

namespace farshore::apply {

/// A change on its way to a statement. Points into the work set and the catalog.
struct RowOp {
  const change::ChangeView* change = nullptr;
  /// Merged: the first change of the key in the work set, which says how the row was before; null: `change` itself.
  const change::ChangeView* first = nullptr;
  const change::Batch* batch = nullptr;
  const TargetTable* target = nullptr;
  std::uint32_t slice = 0;

  [[nodiscard]] const change::ChangeView& first_change() const { return first == nullptr ? *change : *first; }
  [[nodiscard]] bool is_delete() const { return change->op == change::Op::kDelete; }
};

/// The full row as it was before an update or delete, from what the change says. Replaces `out`.
void row_before(const change::ChangeView& change, std::vector<Value>& out);

}  // namespace farshore::apply
