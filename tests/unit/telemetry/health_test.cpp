#include "services/telemetry/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/manual_clock.hpp"

namespace farshore::service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Health, IsNotReadyBeforeAnyComponentIsNamed) { EXPECT_FALSE(Health().readiness().good); }

TEST(Health, IsReadyWhenEveryRequiredComponentSaysSo) {
  Health health;
  health.require("source");
  health.require("kafka");
  EXPECT_FALSE(health.readiness().good);
  EXPECT_THAT(health.readiness().json, HasSubstr("starting"));
  health.ready("source", true);
  EXPECT_FALSE(health.readiness().good);
  health.ready("kafka", true);
  EXPECT_TRUE(health.readiness().good);
  health.ready("source", false, "the server cannot be reached");
  EXPECT_FALSE(health.readiness().good);
  EXPECT_THAT(health.readiness().json, HasSubstr("the server cannot be reached"));
  health.forget("source");
  EXPECT_TRUE(health.readiness().good);
}

TEST(Health, RequiringAgainKeepsWhatWasSaid) {
  Health health;
  health.ready("source", true);
  health.require("source");
  EXPECT_TRUE(health.readiness().good);
}

TEST(Health, IsAliveWhileEveryLoopBeatsInTime) {
  ManualClock clock;
  Health health(clock);
  EXPECT_TRUE(health.liveness().good);
  health.expect_beat("poll", 2s);
  health.expect_beat("stuck", 1s);
  clock.pass(1s);
  EXPECT_TRUE(health.liveness().good);
  clock.pass(1ms);
  EXPECT_FALSE(health.liveness().good);
  EXPECT_THAT(health.liveness().json, HasSubstr(R"("stuck":{"alive":false,"max_silent_ms":1000,"silent_ms":1001})"));
  health.stop_expecting("stuck");
  EXPECT_TRUE(health.liveness().good);
  clock.pass(1s);
  EXPECT_FALSE(health.liveness().good);
  health.beat("poll");
  EXPECT_TRUE(health.liveness().good);
}

TEST(Health, SurvivesReasonsThatAreNotUtf8) {
  Health health;
  health.ready("source", false, "bad \xff byte");
  EXPECT_THAT(health.readiness().json, HasSubstr("bad "));
}

}  // namespace
}  // namespace farshore::service
