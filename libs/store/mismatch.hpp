#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"
#include "store/pending.hpp"

/// The tables farshore.mismatch, which counts changes that found another row here than the origin had, or left one, and
/// farshore.mismatch_example, with the first of them.
namespace farshore::store {

/// How the row that a change found is not as its before-image says, or the one that it left as its after-image does.
enum class Mismatch : std::uint8_t {
  kInsertExists,    ///< an INSERT found a row, with other content; or a row that it and a DELETE left out
  kUpdateMissing,   ///< an UPDATE found none
  kBeforeDiffers,   ///< an UPDATE or DELETE found a row that is neither as before nor as after
  kDeleteMissing,   ///< a DELETE found none
  kAlreadyAsAfter,  ///< an INSERT or UPDATE found the row as it leaves it
  kGeneratedOther,  ///< the row is the origin's, but in columns that are generated here: as it was found, or written
  kWrittenOther,    ///< the row, once it is written, is not what was written
};
inline constexpr std::size_t kMismatches = 7;
/// "insert-exists" ...
[[nodiscard]] std::string_view to_string(Mismatch kind);

/// Another row of the table: of all kinds, those that closed the gate.
inline constexpr std::string_view kClosing = "closing";

/// So many changes of a partition's table. Borrows what it names.
struct MismatchCount {
  const PartitionKey* partition = nullptr;
  std::string_view schema;
  std::string_view table;
  Mismatch kind = Mismatch::kInsertExists;
  std::uint64_t changes = 0;
  bool closes = false;  ///< the gate, by the table's rule of this time
};
/// Adds them to what is counted, in one statement, and when the last was found that closes the gate: that is how new
/// the table's doubt is, whatever its rule says later. Takes part in the open transaction. `counts` is not empty.
[[nodiscard]] std::expected<void, mysql::SqlError> add_mismatches(mysql::Connection& connection,
                                                                  std::string_view region,
                                                                  std::span<const MismatchCount> counts);

/// How much is kept.
struct ExampleLimits {
  std::uint64_t examples = 0;  ///< of a partition's table and kind
  std::size_t sql_bytes = 0;   ///< of an example's images, as literals: larger ones are left out
};
/// Takes part in the open transaction. `target_image`: a literal of SQL, the JSON of what stood here; empty: nothing
/// did.
[[nodiscard]] std::expected<void, mysql::SqlError> add_mismatch_example(mysql::Connection& connection,
                                                                        std::string_view region,
                                                                        const ChangeToKeep& change, Mismatch kind,
                                                                        std::string_view target_image,
                                                                        const ExampleLimits& limits);

/// What was counted of a table, over its partitions.
struct MismatchRow {
  std::string origin;
  std::string stream;
  std::string table;  ///< "schema.table"
  std::string kind;   ///< as the table has it
  std::uint64_t changes = 0;
  std::string first_at;  ///< as the server writes it
  std::string last_at;   ///< as the server writes it
};
[[nodiscard]] std::expected<std::vector<MismatchRow>, mysql::SqlError> read_mismatches(mysql::Connection& connection,
                                                                                       std::string_view region,
                                                                                       const PendingFilter& filter);
/// With their examples. Returns what was counted. Takes part in the open transaction, and waits for apply's that count
/// more: what is read of farshore.equality for the first time after it has what they said.
[[nodiscard]] std::expected<std::vector<MismatchRow>, mysql::SqlError> forget_mismatches(mysql::Connection& connection,
                                                                                         std::string_view region,
                                                                                         const PendingFilter& filter);

}  // namespace farshore::store
