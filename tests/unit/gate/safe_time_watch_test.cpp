#include "services/gate/safe_time_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

// Whole histories over simulated clocks: a source, a way to the target, a gate that polls. At every tenth of a second
// the gate's verdict is held against the true age, which only the simulation knows.

namespace farshore::gate {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using testing::HasSubstr;

constexpr Bounds kWatchBounds{.age_max = 10s, .evidence_age_max = 3s, .clock_skew_max = 2s};
constexpr microseconds kStep = 100ms;
const LocalTime kStart{1'800'000'000s};

/// One origin of two partitions. A watermark a second; apply keeps the greatest.
struct World {
  microseconds t{0};                                                                 ///< true time
  std::function<microseconds(microseconds)> source_ahead = [](auto) { return 0s; };  ///< the source's clock, at a time
  std::function<microseconds(microseconds)> gate_ahead = [](auto) { return 0s; };
  std::function<bool(microseconds)> capture_lives = [](auto) { return true; };
  std::function<microseconds(microseconds)> lag = [](auto) { return 300ms; };  ///< of what arrives at a time
  microseconds polls_from{0};

  SafeTimeWatch watch{kWatchBounds};
  SourceTime safe_time{};
  microseconds contains{0};           ///< true time up to which everything is applied
  microseconds wrongly_open{0};       ///< how long, in all
  microseconds wrongly_by_number{0};  ///< the same of a gate that believes the number alone
  std::optional<microseconds> opened_at;
  std::optional<microseconds> last_open;

  [[nodiscard]] Instant here() const { return {.wall = kStart + t + gate_ahead(t), .steady = 777s + t}; }
  [[nodiscard]] store::ProgressRow row() const {
    store::ProgressRow out;
    out.key = {.origin = "east", .stream = "main", .partition = PartitionId(0)};
    out.safe_time = safe_time;
    return out;
  }
  [[nodiscard]] SafeTimeWatch::Finding finding() const { return watch.judge(row(), here()); }

  void step() {
    t += kStep;
    for (microseconds stamped = 0s; stamped <= t - lag(t); stamped += 1s) {
      if (stamped <= contains && contains > 0s) continue;
      if (!capture_lives(stamped)) continue;
      contains = stamped;
      safe_time = std::max(safe_time, SourceTime(kStart + stamped + source_ahead(stamped)));
    }
    if (t < polls_from || safe_time == SourceTime{}) return;
    if (t % 500ms == 0s) watch.learn({row()}, here());
    const microseconds by_number = here().wall - safe_time;
    const bool is_old = t - contains > kWatchBounds.age_max;
    if (is_old && by_number <= kWatchBounds.age_max && -by_number <= kWatchBounds.clock_skew_max)
      wrongly_by_number += kStep;
    const auto found = finding();
    if (!found.stale.empty() || !found.skew.empty()) return;
    if (!opened_at) opened_at = t;
    last_open = t;
    if (is_old) wrongly_open += kStep;
  }
  void run_until(microseconds end) {
    while (t < end) step();
  }
};

TEST(SafeTimeWatch, OpensWithinSecondsAndStaysOpenWhileAllIsWell) {
  World world;
  world.run_until(60s);
  ASSERT_TRUE(world.opened_at);
  EXPECT_LE(*world.opened_at, 6s);
  EXPECT_EQ(world.last_open, 60s);
  EXPECT_LE(world.finding().age, 2s);
}

TEST(SafeTimeWatch, ClosesByTheBoundAfterTheLastGrowth) {
  World world;
  world.capture_lives = [](microseconds at) { return at < 20s; };
  world.run_until(200s);
  EXPECT_LE(*world.last_open, 30s);
  EXPECT_GE(*world.last_open, 28s);
  EXPECT_THAT(world.finding().stale, HasSubstr("old, the bound is 10.0 s"));
}

TEST(SafeTimeWatch, DoesNotTakeASourcesFastClockForFreshnessAfterItWasSetRight) {
  World world;
  world.source_ahead = [](microseconds at) { return at >= 20s && at < 28s ? 60s : 0s; };
  world.capture_lives = [](microseconds at) { return at < 28s; };
  world.run_until(300s);
  EXPECT_LE(*world.last_open, 20s + 1s) << "closed when the clock went ahead, and never open again";
  EXPECT_GE(world.wrongly_by_number, 11s);
  EXPECT_EQ(world.wrongly_open, 0s);
}

TEST(SafeTimeWatch, KnowsThatTheGatesOwnSlowClockMakesThingsLookFresh) {
  World world;
  world.gate_ahead = [](auto) { return -30s; };
  world.lag = [](microseconds at) { return at < 20s ? 300ms : at - 20s + 300ms; };
  world.run_until(300s);
  EXPECT_FALSE(world.opened_at) << "by skew while healthy, by growth and pace when the mirror stalled";
  EXPECT_GE(world.wrongly_by_number, 11s);
}

TEST(SafeTimeWatch, IsNotOpenedByARestartDuringAnOutage) {
  World world;
  world.gate_ahead = [](auto) { return -30s; };
  world.capture_lives = [](microseconds at) { return at < 20s; };
  world.polls_from = 45s;
  world.run_until(300s);
  EXPECT_FALSE(world.opened_at);
  EXPECT_GE(world.wrongly_by_number, 11s);
}

TEST(SafeTimeWatch, IsNotOpenedByARestartWhileTheRestOfABacklogIsDrained) {
  World world;
  world.source_ahead = [](microseconds at) { return at >= 20s ? 60s : 0s; };
  world.capture_lives = [](microseconds at) { return at < 60s; };
  // The mirror stands from 20 s on, and at 115 s gives all that it has within two seconds.
  world.lag = [](microseconds at) {
    if (at < 20s) return microseconds(300ms);
    if (at < 115s) return at - 20s;
    return std::max<microseconds>(300ms, 95s - (at - 115s) * 50);
  };
  world.polls_from = 115s;
  world.run_until(300s);
  EXPECT_EQ(world.wrongly_open, 0s);
  EXPECT_GE(world.wrongly_by_number, 10s);
}

TEST(SafeTimeWatch, RemembersTheLeadWhenTheWayFallsBehindByIt) {
  World world;
  world.source_ahead = [](auto) { return 40s; };
  // Ever slower, until it is behind by 43 s: by number it looks 3 s old.
  world.lag = [](microseconds at) { return at < 30s ? 300ms : std::min<microseconds>(43s, 300ms + (at - 30s) / 5); };
  world.run_until(500s);
  EXPECT_EQ(world.wrongly_open, 0s);
  EXPECT_GE(world.wrongly_by_number, 100s);
}

TEST(SafeTimeWatch, OpensAgainSomeMinutesAfterTheClockWasSetRight) {
  World world;
  world.source_ahead = [](microseconds at) { return at >= 20s && at < 28s ? 60s : 0s; };
  world.run_until(60s + 2 * SafeTimeWatch::kPaceMemory + 90s);
  EXPECT_EQ(world.wrongly_open, 0s);
  EXPECT_EQ(world.last_open, world.t);
}

TEST(SafeTimeWatch, WantsToSeeGrowthAgainAfterThisHostsClockWasSet) {
  World world;
  world.gate_ahead = [](microseconds at) { return at < 20'250ms ? 0s : -5s; };
  world.run_until(20s);
  ASSERT_EQ(world.last_open, 20s);
  world.run_until(20'300ms);
  EXPECT_THAT(world.finding().skew, HasSubstr("was set by -5.0 s just now"));
  world.run_until(20'500ms);
  EXPECT_THAT(world.finding().stale,
              HasSubstr("has not grown since the clock of the gate's own host was set by -5.0 s"));
  world.run_until(300s);
  EXPECT_THAT(world.finding().skew, HasSubstr("safe time lies")) << "it is slow by 5 s, and stays closed";
}

TEST(SafeTimeWatch, TakesAHostThatSleptForOneWhoseClockWasSet) {
  World world;
  world.gate_ahead = [](microseconds at) { return at < 20'050ms ? 0s : 3600s; };  // only the wall clock shows it
  world.run_until(20'100ms);
  EXPECT_THAT(world.finding().skew, HasSubstr("was set by 3600.0 s just now"));
  EXPECT_THAT(world.finding().stale, HasSubstr("safe time is 3601"));
}

TEST(SafeTimeWatch, DoesNotCountAGapOfReadingsAsLife) {
  SafeTimeWatch watch(kWatchBounds);
  store::ProgressRow row;
  row.key = {.origin = "east", .stream = "main", .partition = PartitionId(0)};
  const auto at = [](microseconds t) { return Instant{.wall = kStart + t, .steady = 5s + t}; };
  for (microseconds t = 1s; t <= 20s; t += 1s) {
    row.safe_time = kStart + t;
    watch.learn({row}, at(t));
  }
  EXPECT_EQ(watch.judge(row, at(20s)).stale, "");
  row.safe_time = kStart + 45s;  // read after 30 s without a reading: it may have stood still since 21 s
  watch.learn({row}, at(50s));
  EXPECT_THAT(watch.judge(row, at(50s)).stale, HasSubstr("has not grown for 30.0 s"));
  row.safe_time = kStart + 51s;
  watch.learn({row}, at(51s));
  EXPECT_EQ(watch.judge(row, at(51s)).stale, "");
}

TEST(SafeTimeWatch, FindsAPartitionThatLagsBehindTheOthersOfItsOrigin) {
  SafeTimeWatch watch(kWatchBounds);
  store::ProgressRow front;
  front.key = {.origin = "east", .stream = "main", .partition = PartitionId(0)};
  store::ProgressRow back = front;
  back.key.partition = PartitionId(1);
  const auto at = [](microseconds t) { return Instant{.wall = kStart + t - 20s, .steady = t}; };  // slow by 20 s
  for (microseconds t = 1s; t <= 20s; t += 1s) {
    front.safe_time = kStart + t;
    back.safe_time = kStart + t - 18s;
    watch.learn({front, back}, at(t));
  }
  EXPECT_EQ(watch.judge(front, at(20s)).stale, "");
  EXPECT_THAT(watch.judge(back, at(20s)).stale, HasSubstr("18.0 s behind the pace"));
}

}  // namespace
}  // namespace farshore::gate
