#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace farshore::capture {

/// Until when all that the source had is received: it sends a heartbeat when it has nothing more. A stream that gives
/// nothing shows nothing, as it may be held up on its way; so may a heartbeat, but not two that come far apart: what
/// was there when the first one came was sent before the second one. Not thread safe.
class Heartbeats {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kApart{3000};

  void received(Clock::time_point now) {
    if (!first_) first_ = now;
    if (now - *first_ >= kApart) all_until_ = std::exchange(first_, now);
  }
  /// Nothing: not known yet.
  [[nodiscard]] std::optional<Clock::time_point> all_received_until() const { return all_until_; }

 private:
  std::optional<Clock::time_point> first_;
  std::optional<Clock::time_point> all_until_;
};

}  // namespace farshore::capture
