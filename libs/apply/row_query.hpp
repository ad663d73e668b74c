#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "apply/row_op.hpp"
#include "apply/target_table.hpp"
#include "base/value.hpp"
#include "mysql/sql_error.hpp"

/// What queries for many rows by their keys have in common.
namespace farshore::apply {

/// MariaDB makes a join with a list of a thousand values or more, and locks rows that no key means; MySQL gives its
/// range up when it takes too much memory.
inline constexpr std::size_t kKeysMax = 500;
/// Of the rows that one query looks at, about.
inline constexpr std::size_t kImageBytes = 512 * 1024;

/// Spaces of the map (KeyMap) from keys to the rows that are asked for: keys as the changes have them, and as the
/// target shows them.
inline constexpr std::uint32_t kKeys = 0;
inline constexpr std::uint32_t kShownKeys = 1;

/// A text of characters that the column's character set lacks, or several whose sets do not go together in one list.
[[nodiscard]] inline bool cannot_be_compared(const mysql::SqlError& error) {
  return error.code == 1267 || error.code == 1270 || error.code == 1271;
}

[[nodiscard]] inline std::size_t size_of(std::span<const Value> row) {
  std::size_t bytes = 0;
  for (const Value& value : row) {
    if (value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText) bytes += value.bytes().size();
  }
  return bytes;
}

/// Makes `sql` the query for rows of `ops` from `at` on, those of which wants(index) is true, for as many as one query
/// looks at; `at` is behind them then. `head`: one of the target's. unfit(index) is called of a key that a query cannot
/// ask for. Returns false if no row is asked for.
template <class Wants, class Unfit>
[[nodiscard]] bool make_query(const TargetTable& target, const std::string& head, std::span<const RowOp> ops,
                              std::size_t& at, std::string& sql, const Wants& wants, const Unfit& unfit) {
  sql = head;
  std::size_t keys = 0;
  for (std::size_t bytes = 0; at < ops.size() && keys < kKeysMax && bytes < kImageBytes; ++at) {
    if (!wants(at)) continue;
    const auto row = ops[at].change->row();
    ++keys;
    const std::size_t before = sql.size();
    if (before > head.size()) sql += target.delete_separator();
    if (!target.append_look_key(row, sql)) {
      unfit(at);
      sql.resize(before);
    }
    bytes += size_of(row);
  }
  if (sql.size() == head.size()) return false;
  sql += target.look_tail();
  return true;
}

}  // namespace farshore::apply
