#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace farshore::capture {

/// Why no watermark is given: put together from what the watch says of the source and from what the reading waits for.
/// A wait is said only when it has lasted. Not thread safe.
class WithheldNotice {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{5};

  /// `say`: called when what is to be said has changed; empty: watermarks are given again.
  explicit WithheldNotice(std::function<void(const std::string&)> say) : say_(std::move(say)) {}

  /// The source's side. Empty: it keeps nobody from giving them.
  void source_says(std::string why, Clock::time_point now) {
    source_ = std::move(why);
    tell(now);
  }
  /// None is given although the source's side would let it.
  void waits(std::string why, Clock::time_point now) {
    if (!waits_since_) waits_since_ = now;
    waits_for_ = std::move(why);
    tell(now);
  }
  /// One was given.
  void given(Clock::time_point now) {
    waits_since_.reset();
    tell(now);
  }

 private:
  void tell(Clock::time_point now) {
    const bool has_lasted = waits_since_ && now - *waits_since_ >= kPatience;
    const std::string& why = source_.empty() && has_lasted ? waits_for_ : source_;
    if (why == said_) return;
    said_ = why;
    say_(said_);
  }

  const std::function<void(const std::string&)> say_;
  std::string source_;
  std::string waits_for_;
  std::optional<Clock::time_point> waits_since_;
  std::string said_;
};

}  // namespace farshore::capture
