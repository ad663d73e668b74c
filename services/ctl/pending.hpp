#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/config.hpp"
#include "ctl/command.hpp"
#include "mysql/connection.hpp"

/// What `farshorectl parked` and `farshorectl conflicts` share: the rows of farshore.parked and farshore.conflict, and
/// asking apply, which alone writes applications' rows, to settle one.
namespace farshore::ctl {

struct PendingFilter {
  std::string origin;
  std::string table;  ///< schema.table
  std::string key;    ///< as it is shown
  std::uint64_t limit = 100;

  [[nodiscard]] bool is_empty() const { return origin.empty() && table.empty() && key.empty(); }
};

/// " WHERE ...": the rows of the region that are meant.
[[nodiscard]] std::string condition_of(const common::Config& config, const PendingFilter& filter);

/// A row of either table.
struct PendingRow {
  std::string origin;
  std::string stream;
  std::int64_t part = 0;
  std::string schema;
  std::string table;
  std::string key_hash;  ///< bytes
  std::string key_text;
  std::uint64_t epoch = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
  std::string gtid;
  std::string bytes;  ///< a ChangeBatch with the one change
  std::string reason;
  std::string since;
  std::string target_image;  ///< conflicts: JSON; empty: none
  std::uint64_t tries = 0;   ///< parked
  std::string tried_at;      ///< parked; empty: not yet noted

  [[nodiscard]] std::string name() const;
};

/// kMismatch: examples of farshore.mismatch_example, which nothing waits for; their reason is their kind.
enum class PendingKind : std::uint8_t { kParked, kConflict, kMismatch };

[[nodiscard]] std::vector<PendingRow> read_pending(const common::Config& config, mysql::Connection& connection,
                                                   PendingKind kind, const PendingFilter& filter);
[[nodiscard]] std::string pending_list(const std::vector<PendingRow>& rows, PendingKind kind, Output output);
/// With both images.
[[nodiscard]] std::string pending_images(const std::vector<PendingRow>& rows, Output output);

/// What apply answered.
struct PendingAnswer {
  bool answered = false;
  bool done = false;
  std::string outcome;
};

struct PendingRequest {
  std::string command;  ///< for the audit: "conflicts take-source"
  std::string action;
  bool dry_run = false;
  std::string expected;  ///< empty: whatever it is
};

/// Asks apply, and waits for its answer. What is not answered in time is withdrawn.
[[nodiscard]] PendingAnswer ask_apply(const common::Config& config, mysql::Connection& connection,
                                      const PendingRow& row, const PendingRequest& request,
                                      std::chrono::seconds patience);

}  // namespace farshore::ctl
