#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "mysql/connection.hpp"

namespace farshore::capture {

/// The advisory lock's name at the source: "farshore.capture.<origin>"; a digest stands for an origin whose name is too
/// long for a lock's name (64 characters).
[[nodiscard]] std::string lease_name(std::string_view origin);

/// What lets one capture of an origin be active: GET_LOCK at the source, on a session of its own that the source ends
/// when it is silent for 4 s, so that a paused process frees the lease by itself. Whoever holds the lease keeps it by
/// asking through connection() every second, and checks there that the lock is still its own.
/// Not thread safe: one thread uses it, later ones after it.
class Lease {
 public:
  static constexpr std::chrono::seconds kSilenceMax{4};

  static std::expected<Lease, mysql::SqlError> open(const DatabaseEndpoint& source, std::string_view origin);

  /// True: ours. False: another capture has held it for the whole of `wait` (whole seconds): stand by.
  [[nodiscard]] std::expected<bool, mysql::SqlError> acquire(std::chrono::seconds wait);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] mysql::Connection& connection() { return connection_; }

 private:
  Lease(mysql::Connection connection, std::string name) : connection_(std::move(connection)), name_(std::move(name)) {}

  mysql::Connection connection_;
  std::string name_;
};

}  // namespace farshore::capture
