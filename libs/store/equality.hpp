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

namespace farshore::store {

enum class Word : std::uint8_t {
  kEqual,        ///< it is equal to the origin's
  kNotYetEqual,  ///< it is not known to be: a doubt
  kBegun,        ///< somebody begins to copy or compare it: a declaration covers the doubts of before
};

[[nodiscard]] std::string_view to_string(Word word);

/// What was said at one time of a stream of an origin, or of one of its tables, at this region: a row of
/// farshore.equality. Rows are only ever added, so the table is the history too.
struct EqualityRow {
  std::uint64_t id = 0;  ///< grows: a later one counts over an earlier one
  std::string origin;
  std::string stream;
  std::string table;  ///< "schema.table"; empty: every table of the stream
  Word word = Word::kNotYetEqual;
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

/// Whether a table is equal or not, as was said last of it or of its whole stream; null: nothing was said.
[[nodiscard]] const EqualityRow* last_said(std::span<const EqualityRow> rows, std::string_view origin,
                                           std::string_view stream, std::string_view table);

/// Whether one more doubt of a table would say nothing new: the last word of it, or of its whole stream, is a doubt,
/// and nobody has begun to compare it since.
[[nodiscard]] bool is_doubted(std::span<const EqualityRow> rows, std::string_view origin, std::string_view stream,
                              std::string_view table);

/// The last doubt of each stream and table, the last word that it is equal, and where a comparison was begun last; with
/// `history` everything that was ever said. By id.
[[nodiscard]] std::expected<std::vector<EqualityRow>, mysql::SqlError> read_equality(mysql::Connection& connection,
                                                                                     std::string_view region,
                                                                                     bool history = false);

/// Locks what was said of a stream to the open transaction's end: waits for those who have locked it otherwise, or have
/// said something, and are not through. `exclusive`: for a person's word, before and after it is said; whoever doubts
/// shares it, apply before it looks what was said last. So of a person who begins or declares and of apply, which finds
/// a row that is not as it should be, one knows of the other. Where nothing was said yet, a person waits for what apply
/// has under way.
[[nodiscard]] std::expected<void, mysql::SqlError> lock_equality(mysql::Connection& connection, std::string_view region,
                                                                 std::string_view origin, std::string_view stream,
                                                                 bool exclusive);

/// Adds what `row` says (without its id and time). Takes part in the open transaction. Of a doubt it takes
/// lock_equality() first, shared, whoever says it; before another word the person's command has locked it.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality(mysql::Connection& connection, std::string_view region,
                                                                const EqualityRow& row);

/// The same as part of entering an epoch, which each partition of the origin does: once for all of them.
[[nodiscard]] std::expected<void, mysql::SqlError> add_equality_once(mysql::Connection& connection,
                                                                     std::string_view region, const EqualityRow& row,
                                                                     EpochId epoch);

}  // namespace farshore::store
