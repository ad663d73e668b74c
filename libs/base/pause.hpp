#pragma once

#include <chrono>
#include <stop_token>

#include "base/mutex.hpp"

namespace farshore {

/// Waits for so long, or until a stop is asked for.
inline void pause_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  Mutex mutex;
  const MutexLock lock(mutex);
  ConditionVariable never;
  never.wait_for(mutex, stop, time, [] { return false; });
}

}  // namespace farshore
