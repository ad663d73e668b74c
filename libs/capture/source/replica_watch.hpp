#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/mutex.hpp"
#include "mysql/connection.hpp"

namespace farshore::capture {

/// What a replica answers to @@GLOBAL.read_only, see is_read_only(). `connection` is opened where there is none, and
/// closed after an error. Blocking, a few seconds at most.
[[nodiscard]] std::expected<std::string, mysql::SqlError> ask_read_only(const DatabaseEndpoint& replica,
                                                                        std::optional<mysql::Connection>& connection);

/// Asks the replicas of a source, each second, whether they take writes. One that was promoted while the source lives
/// on, writable and cut off, shows itself nowhere else: the source is the origin's primary only as long as none of them
/// takes writes.
class ReplicaWatch {
 public:
  using Clock = std::chrono::steady_clock;
  struct Answer {
    /// All of them said that they were read-only when they were asked at this time or later; nothing: see `why`.
    std::optional<Clock::time_point> read_only_at;
    std::string why;  ///< one takes writes or cannot be asked, for people; empty: they are, or were not asked yet
  };

  explicit ReplicaWatch(const std::vector<DatabaseEndpoint>& replicas);

  /// The loop of the watch's thread.
  void run(const std::stop_token& stop);
  /// Any thread.
  [[nodiscard]] Answer answer() const;

 private:
  struct Replica {
    DatabaseEndpoint endpoint;
    std::optional<mysql::Connection> connection;
  };
  /// Empty: it is read-only.
  [[nodiscard]] static std::string ask(Replica& replica);

  std::vector<Replica> replicas_;  ///< the watch's thread only
  mutable Mutex mutex_;
  std::vector<Answer> answers_ GUARDED_BY(mutex_);  ///< of each of them
};

}  // namespace farshore::capture
