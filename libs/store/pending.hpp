#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"

/// What waits at a region, or was found there, for people and for the gate: rows of several tables in one form.
namespace farshore::store {

struct PendingFilter {
  std::string origin;
  std::string table;  ///< schema.table
  std::string key;    ///< as it is shown
  std::uint64_t limit = 100;

  [[nodiscard]] bool is_empty() const { return origin.empty() && table.empty() && key.empty(); }
};

/// " WHERE ...": the rows of the region that are meant. For the statements of this library.
[[nodiscard]] std::string condition_of(std::string_view region, const PendingFilter& filter);

/// kMismatch: examples of farshore.mismatch_example, which nothing waits for; their reason is their kind.
enum class PendingKind : std::uint8_t { kParked, kConflict, kMismatch };

struct PendingRow {
  KeptChange change;
  std::string key_text;
  std::string since;         ///< as the server writes it
  std::string target_image;  ///< conflicts and mismatches: JSON; empty: none
  std::uint64_t tries = 0;   ///< parked
  std::string tried_at;      ///< parked; empty: not yet noted
};

/// By origin, table and key.
[[nodiscard]] std::expected<std::vector<PendingRow>, mysql::SqlError> read_pending(mysql::Connection& connection,
                                                                                   std::string_view region,
                                                                                   PendingKind kind,
                                                                                   const PendingFilter& filter);

/// How many changes wait at this region, by origin and stream.
struct PendingCount {
  std::string origin;
  std::string stream;
  std::uint64_t parked = 0;
  std::uint64_t conflicts = 0;
};
[[nodiscard]] std::expected<std::vector<PendingCount>, mysql::SqlError> count_pending(mysql::Connection& connection,
                                                                                      std::string_view region);

}  // namespace farshore::store
