#include "services/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/telemetry/health.hpp"
#include "services/telemetry/process_metrics.hpp"

namespace farshore::service {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, ExportsASeriesFromItsFirstNamingOn) {
  Metrics metrics;
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("farshore_capture_published_rows_total")));
  const Counter rows = metrics.counter(metric::kCapturePublishedRows, {"east", "main"});
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(farshore_capture_published_rows_total{origin="east",stream="main"} 0)"));
  rows.add(3);
  metrics.counter(metric::kCapturePublishedRows, {"east", "main"}).add();
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(farshore_capture_published_rows_total{origin="east",stream="main"} 4)"));
}

TEST(Metrics, ACounterFollowsATotalAndNeverGoesBack) {
  Metrics metrics;
  const Counter bytes = metrics.counter(metric::kCaptureReadBytes, {"east"});
  bytes.advance_to(10);
  bytes.advance_to(7);
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(farshore_capture_read_bytes_total{origin="east"} 10)"));
}

TEST(Metrics, AHistogramHasTheBucketsOfItsDeclaration) {
  Metrics metrics;
  metrics.histogram(metric::kApplyLatency, {"west", "main"}).observe(0.004);
  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr(R"(origin="west",stream="main",le="0.005"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(origin="west",stream="main",le="0.0025"} 0)"));
}

TEST(Metrics, ARemovedSeriesIsNoLongerExported) {
  Metrics metrics;
  metrics.gauge(metric::kApplyAssigned, {"west", "main"}).set(8);
  metrics.remove(metric::kApplyAssigned, {"west", "main"});
  EXPECT_THAT(metrics.scrape(), Not(HasSubstr("farshore_apply_assigned_partitions{")));
}

TEST(Metrics, RunsARefreshBeforeEachScrapeWhileItsOwnerLives) {
  Metrics metrics;
  int runs = 0;
  {
    const auto refresh = metrics.before_scrape([&] { ++runs; });
    (void)metrics.scrape();
    (void)metrics.scrape();
  }
  (void)metrics.scrape();
  EXPECT_EQ(runs, 2);
}

TEST(Metrics, ReplacingARefreshEndsTheFormerOne) {
  Metrics metrics;
  int first = 0;
  int second = 0;
  auto refresh = metrics.before_scrape([&] { ++first; });
  refresh = metrics.before_scrape([&] { ++second; });
  (void)metrics.scrape();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(Metrics, SayWhatRuns) {
  Metrics metrics;
  Health health;
  const auto refresh = export_process_metrics(metrics, health, "gate");
  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr(R"(farshore_build_info{service="gate",version=")"));
  EXPECT_THAT(text, HasSubstr(R"(farshore_service_ready{service="gate"} 0)"));
  EXPECT_THAT(text, HasSubstr("farshore_process_resident_bytes"));
}

}  // namespace
}  // namespace farshore::service
