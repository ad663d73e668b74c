#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>

#include "base/pause.hpp"

namespace farshore::apply {

/// Waits between tries, longer each time up to two seconds, and not beyond a stop. Borrows the token. One thread.
class Backoff {
 public:
  explicit Backoff(const std::stop_token& stop) : stop_(stop) {}
  void wait() {
    pause_for(time_, stop_);
    time_ = std::min(time_ * 2, kLongest);
  }

 private:
  static constexpr std::chrono::milliseconds kLongest{2000};
  const std::stop_token& stop_;
  std::chrono::milliseconds time_{20};
};

}  // namespace farshore::apply
