#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "mysql/connection.hpp"

namespace farshore::progress {

/// What was said at one time of a stream of an origin, or of one of its tables, at this region: a row of
/// farshore.equality. Rows are only ever added, so the table is the history too.
struct EqualityRow {
  std::uint64_t id = 0;  ///< grows: a later one counts over an earlier one
  std::string origin;
  std::string stream;
  std::string table;  ///< "schema.table"; empty: every table of the stream
  bool is_equal = false;
  std::string why;
  std::string who;
  std::string said_at;     ///< as the server writes it, UTC; read only
  SourceTime said_time{};  ///< the same; read only
};

/// Whether what this region holds of a stream began equal to the origin's, by what was said last. Nothing: yes. Else a
/// sentence for people, which names tables and the command.
///
/// What is said of the whole stream covers its tables, until something later is said of one of them.
[[nodiscard]] std::optional<std::string> why_not_equal(std::span<const EqualityRow> rows, std::string_view origin,
                                                       std::string_view stream);

/// A few of the names, and how many more there are.
[[nodiscard]] std::string some_of(const std::set<std::string>& names);

/// What was said last of a table, or of its whole stream; null: nothing.
[[nodiscard]] const EqualityRow* last_said(std::span<const EqualityRow> rows, std::string_view origin,
                                           std::string_view stream, std::string_view table);

/// What was said last of each stream and table; with `history` everything that was ever said. By id.
[[nodiscard]] std::expected<std::vector<EqualityRow>, mysql::SqlError> read_equality(mysql::Connection& connection,
                                                                                     std::string_view region,
                                                                                     bool history = false);

/// Changes of an origin that found rows here which were not as they should be, after it was said last whether their
/// table is equal: whoever compared the table by then has not seen them.
struct LaterMismatch {
  std::string schema;
  std::string table;
  std::uint64_t changes = 0;
  std::string last_at;  ///< as the server writes it, UTC
};

/// By table, those of a stream; `table` ("schema.table"), if not empty: only of it. `said`: as read_equality() gives
/// it.
[[nodiscard]] std::expected<std::vector<LaterMismatch>, mysql::SqlError> read_later_mismatches(
    mysql::Connection& connection, std::string_view region, std::span<const EqualityRow> said, std::string_view origin,
    std::string_view stream, std::string_view table);

/// Until the open transaction's end nobody else who locks them likewise says anything of the stream: what is read after
/// this holds until then, and what is added by it is the last word. `exclusive`: for one that will say that it is
/// equal.
[[nodiscard]] std::expected<void, mysql::SqlError> lock_equality(mysql::Connection& connection, std::string_view region,
                                                                 std::string_view origin, std::string_view stream,
                                                                 bool exclusive);

/// Adds what `row` says (without its id and time). Takes part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality(mysql::Connection& connection, std::string_view region,
                                                                const EqualityRow& row);

/// The same as part of entering an epoch, which each partition of the origin does: once for all of them.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality_once(mysql::Connection& connection,
                                                                     std::string_view region, const EqualityRow& row,
                                                                     EpochId epoch);

}  // namespace farshore::progress
