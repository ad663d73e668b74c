#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "change/watermark.hpp"
#include "mysql/connection.hpp"
#include "store/equality.hpp"
#include "store/progress_row.hpp"

/// What one region does not know to be equal to another's is told to that other by watermarks, and closes its gate too.
namespace farshore::store {

/// What is to be told of a region: whatever was said last of a stream or table of an origin, and is not that it is
/// equal; also of one that is applied no more: else gates would open when it is taken out of the configuration. Said
/// again whenever a change finds or leaves another row in the table and closes the gate by it; a rule that only warns
/// by now takes nothing of that back: other regions may have answered the doubt that was before.
///
/// `waits`: first waits for transactions that are under way in these tables, a second at most (kLockWait), so that
/// nothing is missing of what stood in the binlog before: on MariaDB a transaction is there before it can be read.
[[nodiscard]] std::expected<change::Doubts, mysql::SqlError> read_doubts(mysql::Connection& connection,
                                                                         std::string_view region, bool waits);

/// Whether something that is told to other regions counts a table's mismatches: forgotten, it would be told as an older
/// doubt again, which they may have answered.
[[nodiscard]] bool is_told_of(std::span<const EqualityRow> said, std::string_view origin, std::string_view stream,
                              std::string_view table);

/// A row of farshore.told_doubt.
struct ToldDoubt {
  PartitionKey partition;
  std::string table;        ///< "schema.table"; empty: every table of the stream
  std::uint64_t heard = 0;  ///< the last row of farshore.equality that was said before it
};

/// What a partition's newest watermark tells, in place of what the one before did. Takes part in the open transaction.
/// Where something is doubted it takes lock_equality(), shared: a person who begins or declares at this moment has
/// heard of it, or it is heard after that.
[[nodiscard]] std::expected<void, mysql::SqlError> write_told(mysql::Connection& connection, std::string_view region,
                                                              const PartitionKey& partition,
                                                              std::span<const change::Doubt> doubts);
[[nodiscard]] std::expected<std::vector<ToldDoubt>, mysql::SqlError> read_told(mysql::Connection& connection,
                                                                               std::string_view region);

/// Whether what was told closes the gate over a stream: it was, and nobody has said here since that the table is equal.
/// Nothing: it does not. Else a sentence for people, which names tables and the command.
[[nodiscard]] std::optional<std::string> why_doubted(std::span<const ToldDoubt> told, std::span<const EqualityRow> said,
                                                     std::string_view origin, std::string_view stream);

/// Whether comparison `id` was begun here, of the table (empty: every table of the stream) or of its whole stream.
/// Null: no.
[[nodiscard]] const EqualityRow* begun_comparison(std::span<const EqualityRow> said, std::uint64_t id,
                                                  std::string_view origin, std::string_view stream,
                                                  std::string_view table);

/// Comparisons of the table or of its whole stream that were begun and not declared since, for people: a few of them,
/// the last first. Empty: there is none.
[[nodiscard]] std::string open_comparisons(std::span<const EqualityRow> said, std::string_view origin,
                                           std::string_view stream, std::string_view table);

/// Why a declaration that `table` (empty: every table of the stream) is equal is not taken. Nothing: it is taken. Else
/// a sentence for people, which names the doubt and the command.
///
/// Who declares has compared something since some time: `begun` names when, by the ids of comparisons that were begun;
/// those of other streams and tables do not count. Somebody else's beginning is not this one's. What is doubted here,
/// or was told of the origin's own region, after it is newer than what was compared. Where nothing is doubted none
/// needs to be begun.
[[nodiscard]] std::optional<std::string> why_not_declared(std::span<const EqualityRow> said,
                                                          std::span<const ToldDoubt> told, std::string_view origin,
                                                          std::string_view stream, std::string_view table,
                                                          std::span<const std::uint64_t> begun);

}  // namespace farshore::store
