#pragma once

#include <string>
#include <string_view>

#include "apply/parked_key.hpp"
#include "apply/row_op.hpp"
#include "store/kept_change.hpp"

namespace farshore::apply {

/// A parked change, or a conflict, as its table keeps it.
struct ParkedChange : store::KeptChange {
  std::string header;  ///< the packed header that goes with its bytes
};
[[nodiscard]] ParkedChange parked_change(store::KeptChange kept);

/// The change alone in a batch of its own. Its ordinal is 0 there. Of merged changes: one from the row before the first
/// to the row after the last.
[[nodiscard]] std::string single_change_bytes(const store::PartitionKey& partition, const RowOp& op);
/// The change with those bytes and its key, to be kept. Borrows what it is made of.
[[nodiscard]] store::ChangeToKeep change_to_keep(const store::PartitionKey& partition, const RowOp& op,
                                                 const ParkedKey& key, std::string_view key_text,
                                                 std::string_view bytes);

}  // namespace farshore::apply
