#include "services/gate/safe_time_watch.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "services/gate/seconds_text.hpp"

namespace farshore::gate {
namespace {

using std::chrono::microseconds;

/// A pace varies by the rhythm of watermarks and of readings.
constexpr std::chrono::seconds kPaceTolerance{1};

microseconds wall_offset(Instant at) { return at.wall.time_since_epoch() - at.steady; }

}  // namespace

Instant instant_now() {
  timespec steady{};
  clock_gettime(CLOCK_BOOTTIME, &steady);
  return {.wall = local_now(),
          .steady = std::chrono::seconds(steady.tv_sec) +
                    std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds(steady.tv_nsec))};
}

void SafeTimeWatch::look(Instant at) { note_jump(at); }

/// After a jump nobody knows how long ago anything was: a host that slept finds its readings as it left them.
bool SafeTimeWatch::note_jump(Instant at) {
  const microseconds before = wall_offset_.value_or(wall_offset(at));
  wall_offset_ = wall_offset(at);
  if (std::chrono::abs(*wall_offset_ - before) <= kJump) return false;
  jump_ = *wall_offset_ - before;
  last_reading_.reset();
  for (auto& [key, growth] : growths_) {
    growth.grown_at.reset();
    growth.watched_since = at.steady;
  }
  for (auto& [origin, pace] : paces_) {
    pace.is_settled = false;
    pace.rising_since = at.steady;
  }
  return true;
}

void SafeTimeWatch::learn(const std::vector<store::ProgressRow>& rows, Instant read_at) {
  note_jump(read_at);
  std::erase_if(growths_, [&](const auto& entry) {
    return std::ranges::none_of(rows, [&](const store::ProgressRow& row) { return row.key == entry.first; });
  });
  for (const store::ProgressRow& row : rows) {
    if (row.safe_time == SourceTime{}) continue;
    const auto [found, is_new] = growths_.try_emplace(
        row.key, Growth{.safe_time = row.safe_time, .watched_since = read_at.steady, .grown_at = std::nullopt});
    Growth& growth = found->second;
    // It grew some time after the reading before this one; from then on it may have stood still.
    const bool grew = !is_new && last_reading_ && row.safe_time > growth.safe_time;
    if (grew) growth.grown_at = last_reading_;
    growth.safe_time = row.safe_time;
    follow_pace(row.key.origin, row.safe_time.time_since_epoch() - read_at.steady, grew, read_at.steady);
  }
  age_paces(read_at.steady);
  last_reading_ = read_at.steady;
}

void SafeTimeWatch::follow_pace(const std::string& origin, Duration ahead, bool grew, Duration now) {
  const auto [found, is_new] =
      paces_.try_emplace(origin, Pace{.best = ahead, .best_before = ahead, .settled_on = ahead, .rising_since = now});
  Pace& pace = found->second;
  pace.best = std::max(pace.best, ahead);
  if (pace.is_settled) return;
  if (ahead > pace.settled_on + kPaceTolerance) {
    pace.settled_on = ahead;
    pace.rising_since = now;
  }
  const bool is_in_front = pace.most() - ahead <= bounds_.age_max / 2;
  if (grew && is_in_front && now - pace.rising_since >= kSettled) pace.is_settled = true;
}

/// The window of an origin's pace runs only while all of its safe times grow.
void SafeTimeWatch::age_paces(Duration now) {
  if (!last_reading_) return;
  for (auto& [origin, pace] : paces_) {
    const bool all_grow = std::ranges::all_of(growths_, [&](const auto& entry) {
      const auto& [key, growth] = entry;
      return key.origin != origin || (growth.grown_at && now - *growth.grown_at <= bounds_.age_max);
    });
    if (!all_grow) continue;
    pace.window += now - *last_reading_;
    if (pace.window < kPaceMemory) continue;
    pace.window = {};
    pace.best_before = pace.best;
    pace.best = Duration::min();
    for (const auto& [key, growth] : growths_) {
      if (key.origin == origin) pace.best = std::max(pace.best, growth.safe_time.time_since_epoch() - now);
    }
  }
}

SafeTimeWatch::Finding SafeTimeWatch::judge(const store::ProgressRow& row, Instant now) const {
  const Duration by_number = now.wall - row.safe_time;
  Finding finding{.age = by_number, .unchanged = std::nullopt, .stale = {}, .skew = {}};
  const Duration set_by = wall_offset(now) - wall_offset_.value_or(wall_offset(now));
  if (std::chrono::abs(set_by) > kJump) {
    finding.skew = fmt::format("the clock of the gate's own host was set by {} just now", seconds_text(set_by));
  } else if (-by_number > bounds_.clock_skew_max) {
    finding.skew = fmt::format("safe time lies {} in the future, the bound is {}: a clock is wrong, the origin's or {}",
                               seconds_text(-by_number), seconds_text(bounds_.clock_skew_max), "that of this host");
  }
  const auto growth = growths_.find(row.key);
  const auto pace = paces_.find(row.key.origin);
  if (growth == growths_.end() || pace == paces_.end()) {
    finding.stale = "safe time has not been watched yet";
    return finding;
  }
  const Duration by_pace = now.steady + pace->second.most() - row.safe_time.time_since_epoch();
  finding.age = std::max(by_number, by_pace);
  if (growth->second.grown_at) {
    finding.unchanged = now.steady - *growth->second.grown_at;
    finding.age = std::max(finding.age, *finding.unchanged);
  }
  finding.stale = stale_because(growth->second, pace->second, finding, by_number, by_pace, now);
  return finding;
}

std::string SafeTimeWatch::stale_because(const Growth& growth, const Pace& pace, const Finding& finding,
                                         Duration by_number, Duration by_pace, Instant now) const {
  const std::string bound = seconds_text(bounds_.age_max);
  if (by_number > bounds_.age_max) {
    return fmt::format("safe time is {} old, the bound is {}", seconds_text(by_number), bound);
  }
  if (!finding.unchanged) {
    const std::string since = seconds_text(now.steady - growth.watched_since);
    if (jump_ == Duration{})
      return fmt::format("safe time has not grown since this gate began to watch it, {} ago", since);
    return fmt::format("safe time has not grown since the clock of the gate's own host was set by {}, {} ago",
                       seconds_text(jump_), since);
  }
  if (*finding.unchanged > bounds_.age_max) {
    return fmt::format("safe time has not grown for {}, the bound is {}", seconds_text(*finding.unchanged), bound);
  }
  if (by_pace > bounds_.age_max) {
    return fmt::format(
        "safe time is {} behind the pace that it had, the bound is {}: what arrives is old, or a clock was ahead",  //
        seconds_text(by_pace), bound);
  }
  if (!pace.is_settled) {
    return fmt::format("safe time grows; the gate opens when it has kept one pace for {}", seconds_text(kSettled));
  }
  return {};
}

}  // namespace farshore::gate
