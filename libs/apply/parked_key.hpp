#pragma once

#include <cstdint>
#include <vector>

#include "apply/row_op.hpp"
#include "store/kept_change.hpp"

namespace farshore::apply {

/// Names a parked change or a conflict by its table and key as the source has them: the target has no part in it, so
/// that a newer change of the key finds it whatever becomes of the target's table.
using store::ParkedKey;

/// The key of the row as it is after the change, and, if the change moves the row, the key that it had.
[[nodiscard]] std::vector<ParkedKey> keys_of(const RowOp& op);

/// A value of a unique column, as a number: values that are equal by their bytes have the same.
using UniqueValue = std::uint64_t;
/// What the change's row needs to be free, in columns that a further unique key of the target covers.
[[nodiscard]] std::vector<UniqueValue> values_wanted(const RowOp& op);
/// What the change sets free there.
[[nodiscard]] std::vector<UniqueValue> values_freed(const RowOp& op);

}  // namespace farshore::apply
