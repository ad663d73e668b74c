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

/// A table of which changes of an origin found rows here that were not as they should be, as far as that is not
/// cleared.
struct CountedTable {
  std::string schema;
  std::string table;
  std::uint64_t changes = 0;
  std::string last_at;  ///< as the server writes it, UTC
};

/// Those of a stream; `table` ("schema.table"), if not empty: only that one.
[[nodiscard]] std::expected<std::vector<CountedTable>, mysql::SqlError> read_counted(mysql::Connection& connection,
                                                                                     std::string_view region,
                                                                                     std::string_view origin,
                                                                                     std::string_view stream,
                                                                                     std::string_view table);

/// Locks what was said of a stream to the open transaction's end: waits for those who have locked it otherwise, or have
/// said something, and are not through. `exclusive`: for one that says that it is equal, before and after it says so;
/// apply shares it before it looks what was said last. So of a person who declares and of apply, which finds a row that
/// is not as it should be, one knows of the other.
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
