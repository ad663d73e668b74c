#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mysql/connection.hpp"
#include "services/config/config.hpp"
#include "services/ctl/command.hpp"
#include "store/audit.hpp"
#include "store/pending.hpp"

/// What `farshorectl parked`, `conflicts` and `mismatches` share: the rows that wait or were found, and asking apply,
/// which alone writes applications' rows, to settle one.
namespace farshore::ctl {

using store::PendingFilter;
using store::PendingKind;
using store::PendingRow;

/// "west/main/3 seq 17: table shop.orders, key 5"
[[nodiscard]] std::string name_of(const PendingRow& row);

/// Throws EnvironmentError.
[[nodiscard]] std::vector<PendingRow> read_pending(const service::Config& config, mysql::Connection& connection,
                                                   PendingKind kind, const PendingFilter& filter);
[[nodiscard]] std::string pending_list(const std::vector<PendingRow>& rows, PendingKind kind, Output output);
/// With both images.
[[nodiscard]] std::string pending_images(const std::vector<PendingRow>& rows, Output output);

/// What apply answered.
using PendingAnswer = store::RequestAnswer;

struct PendingRequest {
  std::string command;  ///< for the audit: "conflicts take-source"
  std::string action;
  bool dry_run = false;
  std::optional<std::string> expected;  ///< nullopt: whatever it is
};

/// Asks apply, and waits for its answer: apply does nothing for a command that has ended meanwhile. Returns nullopt if
/// it does not answer in time: then the request is withdrawn.
[[nodiscard]] std::optional<PendingAnswer> ask_apply(const service::Config& config, mysql::Connection& connection,
                                                     const PendingRow& row, const PendingRequest& request,
                                                     std::chrono::seconds patience);

}  // namespace farshore::ctl
