#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace farshore {

/// Stands until it is told to pass. Any thread.
class ManualClock : public Clock {
 public:
  [[nodiscard]] time_point now() const override { return time_point(duration(now_.load())); }
  void pass(duration time) { now_ += time.count(); }

 private:
  std::atomic<duration::rep> now_ = std::chrono::steady_clock::now().time_since_epoch().count();
};

}  // namespace farshore
