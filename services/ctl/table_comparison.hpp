#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "mysql/connection.hpp"
#include "mysql/sql_error.hpp"
#include "services/ctl/compared_table.hpp"

namespace farshore::ctl {

/// A row that the two do not have alike.
struct RowDifference {
  std::string key;                   ///< for people
  std::vector<std::string> columns;  ///< that differ; empty: one of the two lacks the row
  bool is_here = false;
  bool is_at_peer = false;
};

struct TableComparison {
  std::uint64_t rows_here = 0;
  std::uint64_t rows_at_peer = 0;
  std::uint64_t differing = 0;             ///< rows that differ although all that was on its way has arrived
  std::uint64_t undecided = 0;             ///< that still differed when the time, or the number of looks, was over
  std::vector<RowDifference> differences;  ///< the first of them, kDifferencesShown at most
  std::string stopped;                     ///< why not all rows were compared; empty: all were
  std::vector<std::string> unread;         ///< columns of which a server could not give a value, with key and reason
};

inline constexpr std::size_t kDifferencesShown = 20;
/// Rows that differ at first sight and are kept to be looked at again.
inline constexpr std::size_t kSuspectsMax = 10'000;

/// What a comparison asks of whoever runs it.
struct ComparisonCalls {
  /// Called for each chunk, with the rows that were read so far, and how many of them differ as yet.
  std::function<void(std::uint64_t rows, std::size_t differing)> show;
  /// Waits until each database has what the other had when this was called. False: not within the time that is given.
  std::function<bool()> wait_for_the_way;
};

struct ComparisonFailure {
  Place place = Place::kHere;
  mysql::SqlError error;
};

/// Compares the rows of a table in two databases that may be written to all the while. Reads alone and locks nothing:
/// each query is a consistent read of its own. A row that differs is looked at on both sides again when the changes on
/// their way have arrived: it differs if it is as it was, three times in a row, and is looked at once more if it has
/// changed meanwhile. Bounded memory: chunks by their size, and the keys of kSuspectsMax rows. Borrows all that it is
/// given.
[[nodiscard]] std::expected<TableComparison, ComparisonFailure> compare_rows(const ComparedTable& table,
                                                                             mysql::Connection& here,
                                                                             mysql::Connection& peer,
                                                                             const ComparisonCalls& calls);

}  // namespace farshore::ctl
