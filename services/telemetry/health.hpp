#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace farshore::service {

/// What /readyz and /healthz say. Thread safe.
/// Ready: each required component says so itself; one that never spoke counts as not ready ("starting"), and so does a
/// service that has none yet. Require all of them first, then speak for each.
/// Alive: each loop that promised to beat has done so within the silence that it allows.
class Health {
 public:
  /// `clock` outlives it.
  explicit Health(const Clock& clock = system_clock()) : clock_(clock) {}

  /// Adds a component that must be ready; until ready() is called for it, it is not.
  void require(const std::string& component);
  /// `reason` is for people; say why not, or (ready) anything worth knowing, such as "standby".
  void ready(const std::string& component, bool is_ready, std::string reason = "");
  /// The component is gone for good (a partition handed to another process).
  void forget(const std::string& component);

  /// From now on `loop` promises a beat() at least every `silence_max`.
  void expect_beat(const std::string& loop, std::chrono::milliseconds silence_max);
  void beat(const std::string& loop);
  void stop_expecting(const std::string& loop);

  struct State {
    bool good = false;
    std::string json;  ///< {"ready":false,"components":{"database":{"ready":false,"reason":"..."}}}
  };
  [[nodiscard]] State readiness() const;
  [[nodiscard]] State liveness() const;

 private:
  struct Component {
    bool is_ready = false;
    std::string reason = "starting";
  };
  struct Loop {
    std::chrono::milliseconds silence_max;
    Clock::time_point last_beat;
  };
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Component> components_ GUARDED_BY(mutex_);
  std::map<std::string, Loop> loops_ GUARDED_BY(mutex_);
};

}  // namespace farshore::service
