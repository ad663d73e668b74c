#include "services/capture/heartbeats.hpp"

#include <gtest/gtest.h>

namespace farshore::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Heartbeats::Clock::time_point kStart{seconds(1000)};

TEST(Heartbeats, ShowWhatIsReceivedWhereTwoComeFarApart) {
  Heartbeats heartbeats;
  heartbeats.received(kStart);
  EXPECT_FALSE(heartbeats.all_received_until()) << "it may have been on its way for long";
  heartbeats.received(kStart + seconds(2));
  EXPECT_FALSE(heartbeats.all_received_until());
  heartbeats.received(kStart + seconds(3));
  EXPECT_EQ(heartbeats.all_received_until(), kStart);
}

TEST(Heartbeats, GoOnShowingItWhileTheSourceIsIdle) {
  Heartbeats heartbeats;
  for (int second = 0; second <= 60; ++second) heartbeats.received(kStart + seconds(second));
  EXPECT_EQ(heartbeats.all_received_until(), kStart + seconds(57));
}

TEST(Heartbeats, ThatWereHeldUpAndComeTogetherShowNothing) {
  Heartbeats heartbeats;
  for (int i = 0; i < 100; ++i) heartbeats.received(kStart + seconds(60) + milliseconds(i));
  EXPECT_FALSE(heartbeats.all_received_until());
}

TEST(Heartbeats, ASilenceShowsNothingOfWhatTheSourceHadMeanwhile) {
  Heartbeats heartbeats;
  heartbeats.received(kStart);
  heartbeats.received(kStart + seconds(60));  // the first that gets through
  EXPECT_EQ(heartbeats.all_received_until(), kStart);
}

}  // namespace
}  // namespace farshore::capture
