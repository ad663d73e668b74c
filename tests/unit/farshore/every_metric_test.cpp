#include "services/farshore/every_metric.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "unit/source_tree.hpp"

namespace farshore {
namespace {

using test::content_of;

TEST(EveryMetric, IsOnThePage) {
  EXPECT_EQ(content_of("docs/metrics.md"), service::metric_reference(every_metric()))
      << "run: farshorectl metrics reference";
}

TEST(EveryMetric, IsInTheListOfNames) {
  EXPECT_EQ(content_of("tests/golden/metrics.txt"), service::metric_names(every_metric()))
      << "run: farshorectl metrics names";
}

TEST(EveryMetric, FollowsTheGrammar) {
  static const std::set<std::string> kUnits{"seconds",    "bytes",      "rows",       "transactions",
                                            "batches",    "partitions", "watermarks", "checkpoints",
                                            "reconnects", "polls",      "number",     "info"};
  static const std::set<std::string> kAnswers{"open", "active", "stopped", "ready"};
  std::set<std::string_view> seen;
  for (const service::MetricsOf& some : every_metric()) {
    for (const Metric& metric : some.list.metrics()) {
      std::string name(metric.name);
      EXPECT_TRUE(seen.insert(metric.name).second) << name << " is declared twice";
      ASSERT_TRUE(name.starts_with("farshore_")) << name;
      const bool is_total = name.ends_with("_total");
      EXPECT_EQ(is_total, metric.type == MetricType::kCounter) << name;
      if (is_total) name.resize(name.size() - 6);
      const std::string last = name.substr(name.rfind('_') + 1);
      EXPECT_TRUE(kUnits.contains(last) || (metric.type == MetricType::kGauge && kAnswers.contains(last))) << name;
      EXPECT_FALSE(metric.help.empty()) << name;
    }
  }
}

TEST(EveryMetric, HasAWordForEachValueOfItsLabel) {
  for (const service::MetricsOf& some : every_metric()) {
    for (const Metric& metric : some.list.metrics()) {
      std::set<std::string_view> values;
      for (const Metric::Series& series : metric.series) {
        EXPECT_EQ(series.value.empty(), metric.label.empty()) << metric.name;
        EXPECT_TRUE(values.insert(series.value).second) << metric.name << " " << series.value;
      }
    }
  }
}

TEST(Runbooks, NameOnlyMetricsThatExist) {
  std::set<std::string_view> known;
  for (const service::MetricsOf& some : every_metric()) {
    for (const Metric& metric : some.list.metrics()) known.insert(metric.name);
  }
  const std::string text = content_of("docs/operating/runbooks.md");
  for (std::size_t at = text.find("farshore_"); at != std::string::npos; at = text.find("farshore_", at + 1)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    const std::string name = text.substr(at, end - at);
    EXPECT_TRUE(known.contains(name)) << name;
  }
}

}  // namespace
}  // namespace farshore
