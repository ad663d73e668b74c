// As in a build that has them, whatever this one is.
#ifndef FARSHORE_FAIL_POINTS
#define FARSHORE_FAIL_POINTS
#endif
#include "base/fail_point.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

#include "base/environment_error.hpp"

namespace farshore {
namespace {

TEST(AFailPoint, DoesNothingUntilItIsArmedAndAfterwards) {
  int reached = 0;
  const auto pass = [] { FAIL_POINT("test.here"); };
  pass();
  {
    const ArmedFailPoint here("test.here", [&] { ++reached; });
    const ArmedFailPoint there("test.there", [&] { reached += 100; });
    pass();
    pass();
  }
  pass();
  EXPECT_EQ(reached, 2);
}

TEST(AFailPointDeathTest, KillsTheProcessWhereTheEnvironmentSaysIt) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        arm_fail_points("test.there=sleep:60000,test.here=kill");
        FAIL_POINT("test.here");
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(AFailPoint, LetsAThreadStandStill) {
  arm_fail_points("test.pause=sleep:20");
  const auto before = std::chrono::steady_clock::now();
  FAIL_POINT("test.pause");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(20));
}

TEST(AFailPoint, IsNotArmedByWhatIsNoAction) {
  for (const std::string wrong : {"test.wrong", "test.wrong=", "test.wrong=stop", "test.wrong=sleep",
                                  "test.wrong=sleep:", "test.wrong=sleep:5s", "=kill", ","}) {
    EXPECT_THROW(arm_fail_points(wrong), EnvironmentError) << wrong;
  }
}

}  // namespace
}  // namespace farshore
