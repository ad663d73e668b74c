#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "apply/parked_key.hpp"
#include "apply/row_op.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// A parked change, or a conflict, as its table keeps it.
struct ParkedChange {
  store::PartitionKey partition;
  ParkedKey key;
  EpochId epoch;
  Seq seq;
  std::string gtid;
  std::string header;  ///< the packed header that goes with it
  std::string bytes;   ///< a ChangeBatch with this one change
  std::string reason;  ///< as it was parked
};

/// The columns that parked_change() reads, of farshore.parked, parked_first and conflict.
inline constexpr std::string_view kParkedChangeColumns =
    "schema_name, table_name, key_hash, epoch, incarnation, seq, gtid, change_bytes, origin, stream, part, reason";
[[nodiscard]] ParkedChange parked_change(const mysql::Rows& rows, std::size_t row);

/// The change alone in a batch of its own. Its ordinal is 0 there. Of merged changes: one from the row before the first
/// to the row after the last.
[[nodiscard]] std::string single_change_bytes(const store::PartitionKey& partition, const RowOp& op);
/// The packed header that goes with it again.
[[nodiscard]] std::string single_change_header(const ParkedChange& parked);

}  // namespace farshore::apply
