#pragma once

#include <chrono>

namespace farshore {

/// Where a steady time comes from that a test has to make pass: it is handed in. Who measures how long something
/// takes, or waits on a thread, asks std::chrono::steady_clock itself. Any thread.
class Clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  virtual ~Clock() = default;
  [[nodiscard]] virtual time_point now() const { return std::chrono::steady_clock::now(); }
};

/// The system's. Lives as long as the process.
[[nodiscard]] inline const Clock& system_clock() {
  static const Clock clock;
  return clock;
}

}  // namespace farshore
