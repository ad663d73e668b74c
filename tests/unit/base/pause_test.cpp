#include "base/pause.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace farshore {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(APause, LastsItsTime) {
  const auto began = Clock::now();
  pause_for(20ms, {});
  EXPECT_GE(Clock::now() - began, 20ms);
}

TEST(APause, EndsWhenAStopIsAskedFor) {
  const auto began = Clock::now();
  std::jthread pausing([](const std::stop_token& stop) { pause_for(1h, stop); });
  pausing.request_stop();
  pausing.join();
  EXPECT_LT(Clock::now() - began, 1min);
}

}  // namespace
}  // namespace farshore
