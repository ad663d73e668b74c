#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "mysql/connection.hpp"

namespace farshore::store {

/// All tables of a stream of an origin were compared with this region's and were equal: a row of farshore.comparison,
/// one of each stream, of the comparison that ended last.
struct Comparison {
  std::string origin;
  std::string stream;
  SourceTime began_at{};  ///< by the clock of this region's database, before anything was read
  std::string why;
  std::string who;
  std::chrono::microseconds age{};  ///< since it began, by that clock now; read only
};

/// Now, by the database's clock.
[[nodiscard]] std::expected<SourceTime, mysql::SqlError> read_clock(mysql::Connection& connection);

[[nodiscard]] std::expected<std::vector<Comparison>, mysql::SqlError> read_comparisons(mysql::Connection& connection,
                                                                                       std::string_view region);

/// In place of the one before, whenever that began: a clock that was ahead at that time is not believed for ever. Takes
/// part in the open transaction.
[[nodiscard]] std::expected<void, mysql::SqlError> write_comparison(mysql::Connection& connection,
                                                                    std::string_view region,
                                                                    const Comparison& comparison);

}  // namespace farshore::store
