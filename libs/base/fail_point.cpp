#include "base/fail_point.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.hpp"
#include "base/environment_error.hpp"
#include "base/mutex.hpp"

namespace farshore {
namespace {

struct FailPoints {
  SharedMutex mutex;
  std::map<std::string, std::function<void()>, std::less<>> armed GUARDED_BY(mutex);
};
FailPoints& fail_points() {
  static FailPoints all;
  return all;
}

void arm(std::string name, std::function<void()> action) {
  const MutexLock lock(fail_points().mutex);
  const bool is_new = fail_points().armed.emplace(name, std::move(action)).second;
  FARSHORE_CHECK(is_new, name);
}

std::optional<std::function<void()>> action_of(std::string_view text) {
  constexpr std::string_view kSleep = "sleep:";
  if (text == "kill") return [] { (void)::kill(::getpid(), SIGKILL); };
  if (!text.starts_with(kSleep)) return std::nullopt;
  text.remove_prefix(kSleep.size());
  std::uint32_t milliseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return [milliseconds] { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); };
}

}  // namespace

ArmedFailPoint::ArmedFailPoint(std::string name, std::function<void()> action) : name_(std::move(name)) {
  arm(name_, std::move(action));
}

ArmedFailPoint::~ArmedFailPoint() {
  const MutexLock lock(fail_points().mutex);
  fail_points().armed.erase(name_);
}

void arm_fail_points(std::string_view setting) {
  while (!setting.empty()) {
    const std::string_view one = setting.substr(0, setting.find(','));
    setting.remove_prefix(std::min(one.size() + 1, setting.size()));
    const std::size_t equals = one.find('=');
    auto action = equals == std::string_view::npos || equals == 0 ? std::nullopt : action_of(one.substr(equals + 1));
    if (!action)
      throw EnvironmentError(
          fmt::format("FARSHORE_FAIL_POINTS: '{}' is not NAME=kill or NAME=sleep:MILLISECONDS.", one));
    arm(std::string(one.substr(0, equals)), *std::move(action));
  }
}

void reach_fail_point(std::string_view name) {
  const ReaderLock lock(fail_points().mutex);
  const auto found = fail_points().armed.find(name);
  if (found != fail_points().armed.end()) found->second();
}

}  // namespace farshore
