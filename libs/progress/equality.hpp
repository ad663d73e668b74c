#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "change/watermark.hpp"
#include "mysql/connection.hpp"

namespace farshore::progress {

/// What was said of tables.
enum class Equality : std::uint8_t {
  kEqual,        ///< by an operator
  kNotYetEqual,  ///< by an operator, or by apply
  kToldUnequal,  ///< the origin's own region does not know its own to be equal to another region's
  kToldEnded,    ///< likewise, and it said later that this is over: as if it had never been said
};
/// "equal", "not-yet-equal", "told-unequal", "told-ended"
[[nodiscard]] std::string_view to_string(Equality equality);

/// What was said at one time of a stream of an origin, or of one of its tables, at this region: a row of
/// farshore.equality. Rows are only ever added, so the table is the history too.
struct EqualityRow {
  std::uint64_t id = 0;  ///< grows: a later one counts over an earlier one
  std::string origin;
  std::string stream;
  std::string table;  ///< "schema.table"; empty: every table of the stream
  Equality state = Equality::kNotYetEqual;
  std::string why;
  std::string who;
  std::string said_at;  ///< as the server writes it, UTC; read only
};

/// Which rows are read.
enum class Said : std::uint8_t {
  kLast,     ///< what was said last of each stream and table, without what has ended
  kLastOwn,  ///< likewise, without what origins' own regions said
  kEver,     ///< everything
};

/// Whether what this region holds of a stream began equal to the origin's, by what was said last. Nothing: yes. Else a
/// sentence for people, which names tables and the command.
///
/// What is said of the whole stream covers its tables, until something later is said of one of them.
[[nodiscard]] std::optional<std::string> why_not_equal(std::span<const EqualityRow> rows, std::string_view origin,
                                                       std::string_view stream);

/// Likewise of one table: what was said last of it, or of its whole stream, is that it is not equal.
[[nodiscard]] bool is_said_unequal(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                                   std::string_view table);

/// By id.
[[nodiscard]] std::expected<std::vector<EqualityRow>, mysql::SqlError> read_equality(mysql::Connection& connection,
                                                                                     std::string_view region,
                                                                                     Said said = Said::kLast);

/// Adds what `row` says (without its id and time). Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality(mysql::Connection& connection, std::string_view region,
                                                                const EqualityRow& row);

/// What other regions are to be told of what this one does not know to be equal to any of `origins`; whatever origins'
/// own regions told is not told on.
[[nodiscard]] std::expected<change::DoubtsOfStream, mysql::SqlError> read_doubts(mysql::Connection& connection,
                                                                                 std::string_view region,
                                                                                 std::span<const std::string> origins);

/// What the origin's own region tells of a stream. Each doubt is written once, so that what an operator says here
/// afterwards counts, and every partition may tell it. Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> note_told(mysql::Connection& connection, std::string_view region,
                                                             std::string_view origin, std::string_view stream,
                                                             const change::Doubts& doubts);

/// The same as add_equality() as part of entering an epoch, which each partition of the origin does: once for all of
/// them.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality_once(mysql::Connection& connection,
                                                                     std::string_view region, const EqualityRow& row,
                                                                     EpochId epoch);

}  // namespace farshore::progress
