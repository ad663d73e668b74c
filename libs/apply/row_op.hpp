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
  [[nodiscard]] bool is_delete() const { return !change::leaves_row(change->op); }
  /// The source does not log what its foreign keys cascade, so that the target's must do the same again; but not for a
  /// change that cascaded nothing, as its session had foreign_key_checks=0.
  [[nodiscard]] bool repeats_cascades() const { return target->source().repeats_cascades && !change->no_cascade; }
  /// And rows of other tables may go or change with it.
  [[nodiscard]] bool may_cascade() const { return repeats_cascades() && change::had_row(change->op); }
};

/// The full row as it was before an update or delete, from what the change says. Replaces `out`.
void row_before(const change::ChangeView& change, std::vector<Value>& out);

/// Whether `later`, of the same key, begins with the row that `earlier` leaves, and one partition's order says that it
/// comes after it: joined they are one step from row to row. Steps that each find the row that they begin with end, in
/// whatever order they come, at the same row; so a change that does not follow is neither joined nor believed.
[[nodiscard]] bool follows(const RowOp& later, const RowOp& earlier);

}  // namespace farshore::apply
