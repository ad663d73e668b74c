#include "services/apply/feed.hpp"

#include <gtest/gtest.h>

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;

TEST(AFeed, AwaitsTheLoadThatWasAskedForLastAndNoOther) {
  Feed feed;
  feed.load = 8;
  EXPECT_TRUE(feed.awaits(8));
  EXPECT_FALSE(feed.awaits(7)) << "of the assignment before: the writer lets go of the partition after it";
  for (const Feed::Mode mode : {Feed::Mode::kRunning, Feed::Mode::kAtBarrier, Feed::Mode::kWaiting}) {
    feed.mode = mode;
    EXPECT_FALSE(feed.awaits(8));
  }
}

TEST(TheNextWait, IsTwiceTheLastWithinItsBounds) {
  EXPECT_EQ(next_wait(0ms, 250ms, 10s), 250ms);
  EXPECT_EQ(next_wait(250ms, 250ms, 10s), 500ms);
  EXPECT_EQ(next_wait(8s, 250ms, 10s), 10s);
}

TEST(TheNextWait, IsNeverAboveTheLongestThoughThatIsBelowTheFirst) {
  EXPECT_EQ(next_wait(0ms, 250ms, 100ms), 100ms);
  EXPECT_EQ(next_wait(100ms, 250ms, 100ms), 100ms);
}

TEST(ASearch, BeginsAtTheFirstGapAndThenEverMoreSeldom) {
  Search search;
  auto now = Search::Clock::time_point(1h);
  EXPECT_TRUE(search.begins_at_gap(now, 10s));
  for (const auto wait : {10s, 20s, 40s}) {
    EXPECT_FALSE(search.begins_at_gap(now, 10s)) << "the wait begins at the gap that is met";
    EXPECT_FALSE(search.begins_at_gap(now + wait - 1s, 10s));
    now += wait;
    EXPECT_TRUE(search.begins_at_gap(now, 10s)) << "after " << wait.count() << " s";
  }
}

TEST(ASearch, OfATopicThatIsReadFromItsBeginningAnywayWaitsFirst) {
  Search search;
  search.begin();
  const auto now = Search::Clock::time_point(1h);
  EXPECT_FALSE(search.begins_at_gap(now, 10s));
  EXPECT_TRUE(search.begins_at_gap(now + 10s, 10s));
}

TEST(ASearch, WaitsTenMinutesAtTheMost) {
  Search search;
  search.begin();
  auto now = Search::Clock::time_point(1h);
  for (int i = 0; i < 10; ++i) {
    (void)search.begins_at_gap(now, 10s);
    now += 10min;
    EXPECT_TRUE(search.begins_at_gap(now, 10s));
  }
}

}  // namespace
}  // namespace farshore::apply
