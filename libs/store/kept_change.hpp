#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

/// What the tables of changes that were not applied have in common: parked, parked_first, conflict, mismatch_example.
namespace farshore::store {

/// Names a row of an application, as its origin has it: its table and its key.
struct ParkedKey {
  std::string schema;
  std::string table;
  std::array<char, 16> hash{};  ///< XXH3-128 of change::encode_key()
  friend auto operator<=>(const ParkedKey&, const ParkedKey&) = default;
};
[[nodiscard]] ParkedKey parked_key(std::string schema, std::string table, std::string_view hash);

/// A change as it is kept.
struct KeptChange {
  PartitionKey partition;
  ParkedKey key;
  EpochId epoch;
  Seq seq;
  std::string gtid;
  std::string bytes;   ///< a ChangeBatch with this one change
  std::string reason;  ///< as it was parked
};

/// A change that is to be kept. Borrows what it names.
struct ChangeToKeep {
  const PartitionKey* partition = nullptr;
  const ParkedKey* key = nullptr;
  std::string_view key_text = {};  ///< for people; parked_first has none
  EpochId epoch;
  Seq seq;
  std::string_view gtid;
  std::string_view bytes;  ///< a ChangeBatch with this one change
};

// For the statements of this library.

/// The columns that kept_change() reads.
inline constexpr std::string_view kKeptChangeColumns =
    "schema_name, table_name, key_hash, epoch, incarnation, seq, gtid, change_bytes, origin, stream, part, reason";
[[nodiscard]] KeptChange kept_change(const mysql::Rows& rows, std::size_t row);

[[nodiscard]] std::string binary_literal(std::string_view bytes);
[[nodiscard]] std::string hash_literal(const ParkedKey& key);
/// `schema_name=... AND table_name=... AND key_hash=...`
[[nodiscard]] std::string key_condition(const ParkedKey& key);
/// `region=... AND origin=... AND schema_name=... AND table_name=... AND key_hash=...`: in whatever partition
[[nodiscard]] std::string key_condition(std::string_view region, std::string_view origin, const ParkedKey& key);
/// `region=... AND origin=... AND stream=... AND part=... AND schema_name=... AND table_name=... AND key_hash=...`
[[nodiscard]] std::string key_condition(std::string_view region, const PartitionKey& partition, const ParkedKey& key);

}  // namespace farshore::store
