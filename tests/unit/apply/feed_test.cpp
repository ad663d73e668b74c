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

}  // namespace
}  // namespace farshore::apply
