#include "services/telemetry/health.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace farshore::service {

using nlohmann::json;

void Health::require(const std::string& component) {
  const MutexLock lock(mutex_);
  components_.try_emplace(component);
}

void Health::ready(const std::string& component, bool is_ready, std::string reason) {
  const MutexLock lock(mutex_);
  components_[component] = Component{.is_ready = is_ready, .reason = std::move(reason)};
}

void Health::forget(const std::string& component) {
  const MutexLock lock(mutex_);
  components_.erase(component);
}

void Health::expect_beat(const std::string& loop, std::chrono::milliseconds silence_max) {
  const MutexLock lock(mutex_);
  loops_[loop] = Loop{.silence_max = silence_max, .last_beat = clock_.now()};
}

void Health::beat(const std::string& loop) {
  const MutexLock lock(mutex_);
  const auto found = loops_.find(loop);
  if (found != loops_.end()) found->second.last_beat = clock_.now();
}

void Health::stop_expecting(const std::string& loop) {
  const MutexLock lock(mutex_);
  loops_.erase(loop);
}

Health::State Health::readiness() const {
  const MutexLock lock(mutex_);
  const bool good =
      !components_.empty() && std::ranges::all_of(components_, [](const auto& entry) { return entry.second.is_ready; });
  json components = json::object();
  for (const auto& [name, component] : components_) {
    components[name] = {{"ready", component.is_ready}, {"reason", component.reason}};
  }
  const json out{{"ready", good}, {"components", std::move(components)}};
  return {.good = good, .json = out.dump(-1, ' ', false, json::error_handler_t::replace)};
}

Health::State Health::liveness() const {
  const auto now = clock_.now();
  const MutexLock lock(mutex_);
  bool good = true;
  json loops = json::object();
  for (const auto& [name, loop] : loops_) {
    const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(now - loop.last_beat);
    const bool alive = silence <= loop.silence_max;
    good = good && alive;
    loops[name] = {{"alive", alive}, {"silent_ms", silence.count()}, {"max_silent_ms", loop.silence_max.count()}};
  }
  const json out{{"alive", good}, {"loops", std::move(loops)}};
  return {.good = good, .json = out.dump()};
}

}  // namespace farshore::service
