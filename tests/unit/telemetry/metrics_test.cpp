#include "services/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/telemetry/health.hpp"
#include "services/telemetry/process_metrics.hpp"

namespace farshore::service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

enum class Way : std::uint8_t { kUp, kDown };
std::string_view to_string(Way way) { return way == Way::kUp ? "up" : "down"; }

constexpr std::array kBounds{0.5, 2.0};

struct Counts {
  MetricList metrics{"origin", "stream"};
  Counter rows{metrics, "test_rows_total", "Rows."};
  OneWriterCounter waited{metrics, "test_waited_seconds_total", "Time."};
  CounterBy<Way, 2> steps{metrics, "test_steps_total", "kind", "Steps."};
  Gauge open{metrics, "test_open", "1: open."};
  Gauge age{metrics, "test_age_seconds", "Age.", Gauge::kUnknown};
  GaugeBy<Way, 2> places{metrics, "test_places", "kind", "Places."};
  Histogram latency{metrics, "test_latency_seconds", kBounds, "Latency."};
};

TEST(Metrics, ExportsWhatIsShownWithItsLabels) {
  Metrics metrics;
  Counts counts;
  EXPECT_EQ(metrics.scrape(), "");
  const auto shown = metrics.show({{counts.metrics, {"east", "main"}}});
  counts.rows.add();
  counts.rows.add(3U);
  counts.waited.add(1500ms);
  counts.steps.add(Way::kDown, 2);
  counts.open.set(1);
  counts.places.set(Way::kUp, 5);
  for (const auto latency : {500ms, 1000ms, 3000ms}) counts.latency.observe(latency);
  EXPECT_EQ(metrics.scrape(), R"(# HELP test_rows_total Rows.
# TYPE test_rows_total counter
test_rows_total{origin="east",stream="main"} 4
# HELP test_waited_seconds_total Time.
# TYPE test_waited_seconds_total counter
test_waited_seconds_total{origin="east",stream="main"} 1.5
# HELP test_steps_total Steps.
# TYPE test_steps_total counter
test_steps_total{kind="up",origin="east",stream="main"} 0
test_steps_total{kind="down",origin="east",stream="main"} 2
# HELP test_open 1: open.
# TYPE test_open gauge
test_open{origin="east",stream="main"} 1
# HELP test_places Places.
# TYPE test_places gauge
test_places{kind="up",origin="east",stream="main"} 5
test_places{kind="down",origin="east",stream="main"} 0
# HELP test_latency_seconds Latency.
# TYPE test_latency_seconds histogram
test_latency_seconds_count{origin="east",stream="main"} 3
test_latency_seconds_sum{origin="east",stream="main"} 4.5
test_latency_seconds_bucket{origin="east",stream="main",le="0.5"} 1
test_latency_seconds_bucket{origin="east",stream="main",le="2"} 2
test_latency_seconds_bucket{origin="east",stream="main",le="+Inf"} 3
)") << "what is not known yet has no series";
  counts.age.set(2min);
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(test_age_seconds{origin="east",stream="main"} 120)"));
}

TEST(Metrics, OfTwoStreamsStandTogether) {
  Metrics metrics;
  Counts main;
  Counts side;
  const auto shown = metrics.show({{main.metrics, {"east", "main"}}, {side.metrics, {"east", "side"}}});
  side.rows.add(2);
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(# TYPE test_rows_total counter
test_rows_total{origin="east",stream="main"} 0
test_rows_total{origin="east",stream="side"} 2
)"));
}

TEST(Metrics, AreNoLongerExportedWhenTheirOwnerIsGone) {
  Metrics metrics;
  {
    Counts counts;
    const auto shown = metrics.show({{counts.metrics, {"east", "main"}}});
    EXPECT_THAT(metrics.scrape(), HasSubstr("test_open"));
  }
  EXPECT_EQ(metrics.scrape(), "");
}

TEST(Metrics, AreSetBeforeEachScrapeWhileTheirOwnerLives) {
  Metrics metrics;
  Counts counts;
  int runs = 0;
  auto shown = metrics.show({{counts.metrics, {"east", "main"}}}, [&] { counts.open.set(++runs); });
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(test_open{origin="east",stream="main"} 1)"));
  EXPECT_THAT(metrics.scrape(), HasSubstr(R"(test_open{origin="east",stream="main"} 2)"));
  shown = {};
  (void)metrics.scrape();
  EXPECT_EQ(runs, 2);
}

TEST(Metrics, ThatAreFoundOutBeforeAScrapeAreInIt) {
  Metrics metrics;
  Counts counts;
  Metrics::Shown found;
  const auto shown = metrics.show({}, [&] { found = metrics.show({{counts.metrics, {"east", "main"}}}); });
  EXPECT_THAT(metrics.scrape(), HasSubstr("test_open"));
}

TEST(Metrics, SayWhatRuns) {
  Metrics metrics;
  Health health;
  const auto shown = show_process(metrics, health, "gate");
  const std::string text = metrics.scrape();
  EXPECT_THAT(text, HasSubstr(R"(farshore_build_info{service="gate",version=")"));
  EXPECT_THAT(text, HasSubstr(R"(farshore_service_ready{service="gate"} 0)"));
  EXPECT_THAT(text, HasSubstr("farshore_process_resident_bytes"));
  EXPECT_THAT(text, Not(HasSubstr("farshore_process_cpu_seconds_total 0\n")));
}

}  // namespace
}  // namespace farshore::service
