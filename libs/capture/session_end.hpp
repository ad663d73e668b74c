#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"

namespace farshore::capture {

/// What follows when a session of capture is over.
enum class EndKind : std::uint8_t {
  kShutdown,       ///< the process was asked to stop
  kRetry,          ///< something outside failed: a new session, after a pause
  kRenumber,       ///< what decides the numbering changed: a new session at once, which begins a new epoch
  kStop,           ///< a person has to mend something and start capture again
  kStopRetried,    ///< a person has to mend something at the source or the cluster; looked at again every 10 s
  kMisconfigured,  ///< likewise; at a process' first start it exits instead, since a person is looking
};

/// Which neighbour failed.
enum class EndedBy : std::uint8_t { kSource, kKafka, kLease };
[[nodiscard]] constexpr std::string_view to_string(EndedBy by) {
  switch (by) {
    case EndedBy::kSource: return "source";
    case EndedBy::kKafka: return "kafka";
    case EndedBy::kLease: return "lease";
  }
  return "";
}

struct SessionEnd {
  EndKind kind = EndKind::kRetry;
  std::string sentence;  ///< what happened and how to mend it, for people
  EndedBy by = EndedBy::kSource;
  bool advanced = false;  ///< kRenumber: the session read transactions that no session before it did
};

/// The one place where a session's threads say that it is over. The first reason stays. Thread safe.
class SessionEnding {
 public:
  /// Called once, on the thread that ends the session: wakes whoever blocks. Set before other threads exist.
  void on_end(std::function<void()> wake) { wake_ = std::move(wake); }

  void end(EndKind kind, std::string sentence, EndedBy by = EndedBy::kSource) {
    end(SessionEnd{kind, std::move(sentence), by});
  }
  void end(SessionEnd end) {
    {
      const MutexLock lock(mutex_);
      if (end_) return;
      end_ = std::move(end);
      ended_.store(true, std::memory_order_release);
    }
    if (wake_) wake_();
  }
  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }
  /// Asserts that the session is over.
  [[nodiscard]] SessionEnd get() const {
    const MutexLock lock(mutex_);
    return end_.value();
  }

 private:
  std::function<void()> wake_;
  std::atomic<bool> ended_{false};
  mutable Mutex mutex_;
  std::optional<SessionEnd> end_ GUARDED_BY(mutex_);
};

}  // namespace farshore::capture
