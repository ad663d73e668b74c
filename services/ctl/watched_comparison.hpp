#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "mysql/connection.hpp"
#include "mysql/schema.hpp"
#include "services/ctl/compared_table.hpp"
#include "services/ctl/table_comparison.hpp"

namespace farshore::ctl {

/// What a comparison takes a table for, as a text: its columns with their types and expressions, in their order, and
/// its key. Of another text it is another table.
[[nodiscard]] std::string shape_text(const mysql::TableSchema& table);

/// For how long a session that compares waits where a statement holds a table: ALTER TABLE, LOCK TABLES, or one that
/// waits itself for a long transaction. Less than the session waits for an answer.
inline constexpr std::chrono::seconds kTableWait{20};
/// Before a session compares.
[[nodiscard]] std::expected<void, mysql::SqlError> prepare_session(mysql::Connection& connection);

struct WatchedComparison {
  TableComparison rows;
  std::string not_compared;  ///< why they say nothing, for people; empty: they count
};

/// compare_rows() of a table that stays what `here` and `peer` say until its end, in both databases. Where it does not
/// (a column may have come, gone or lost its values behind the rows that were read), or is not to be read for
/// kTableWait, its rows say nothing.
[[nodiscard]] std::expected<WatchedComparison, ComparisonFailure> compare_watched(
    const ComparedTable& table, const mysql::TableSchema& here, const mysql::TableSchema& peer,
    mysql::Connection& here_connection, mysql::Connection& peer_connection, const ComparisonCalls& calls);

}  // namespace farshore::ctl
