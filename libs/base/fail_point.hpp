#pragma once

#include <functional>
#include <string>
#include <string_view>

/// A place at which a test makes something happen, by its name: FAIL_POINT("apply.before-commit"). It is nothing in
/// builds without FARSHORE_FAIL_POINTS, an option of CMake's that is off in what is shipped and on in the presets asan
/// and tsan: their unit tests are CI's, and their programs run on real servers.
#ifdef FARSHORE_FAIL_POINTS
#define FAIL_POINT(name) ::farshore::reach_fail_point(name)
#else
#define FAIL_POINT(name) static_cast<void>(0)
#endif

namespace farshore {

/// For tests. Whoever comes to the place runs `action` on its own thread, as long as this lives. Its end waits for an
/// action that is running; so none may arm or disarm.
class [[nodiscard]] ArmedFailPoint {
 public:
  ArmedFailPoint(std::string name, std::function<void()> action);
  ~ArmedFailPoint();
  ArmedFailPoint(const ArmedFailPoint&) = delete;
  ArmedFailPoint& operator=(const ArmedFailPoint&) = delete;

 private:
  const std::string name_;
};

/// For programs, whose environment says it (FARSHORE_FAIL_POINTS): "NAME=ACTION", several by commas. `kill`: the
/// process is gone, as by kill -9. `sleep:MILLISECONDS`: the thread stands still so long, each time. Throws
/// EnvironmentError for anything else.
void arm_fail_points(std::string_view setting);

/// What FAIL_POINT does.
void reach_fail_point(std::string_view name);

}  // namespace farshore
