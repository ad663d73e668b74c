#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "apply/row_op.hpp"

namespace farshore::apply {

/// Names a parked change or a conflict: its table and its key, as the source has them. The target has no part in it, so
/// that a newer change of the key finds it whatever becomes of the target's table.
struct ParkedKey {
  std::string schema;
  std::string table;
  std::array<char, 16> hash{};  ///< XXH3-128 of change::encode_key()
  friend auto operator<=>(const ParkedKey&, const ParkedKey&) = default;
};

/// The key of the row as it is after the change, and, if the change moves the row, the key that it had.
[[nodiscard]] std::vector<ParkedKey> keys_of(const RowOp& op);
[[nodiscard]] ParkedKey parked_key(std::string schema, std::string table, std::string_view hash);
/// `schema_name=... AND table_name=... AND key_hash=...`
[[nodiscard]] std::string key_condition(const ParkedKey& key);
[[nodiscard]] std::string hash_literal(const ParkedKey& key);

/// A value of a unique column, as a number: values that are equal by their bytes have the same.
using UniqueValue = std::uint64_t;
/// What the change's row needs to be free, in columns that a further unique key of the target covers.
[[nodiscard]] std::vector<UniqueValue> values_wanted(const RowOp& op);
/// What the change sets free there.
[[nodiscard]] std::vector<UniqueValue> values_freed(const RowOp& op);

}  // namespace farshore::apply
