#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "services/config/config_fields.hpp"
#include "services/telemetry/metric_names.hpp"
#include "services/telemetry/metric_reference.hpp"
#include "unit/source_tree.hpp"

namespace farshore::service {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(test::source_path(path), std::ios::binary);
  EXPECT_TRUE(in) << path << " is missing";
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(GeneratedFiles, ConfigurationPageIsThatOfTheDeclaration) {
  EXPECT_EQ(content_of("docs/configuration.md"), config_reference()) << "run: farshorectl config reference";
}

TEST(GeneratedFiles, ConfigurationSchemaIsThatOfTheDeclaration) {
  EXPECT_EQ(content_of("schemas/config.schema.json"), config_schema()) << "run: farshorectl config schema";
}

TEST(GeneratedFiles, MetricsPageIsThatOfTheDeclaration) {
  EXPECT_EQ(content_of("docs/metrics.md"), metric_reference()) << "run: farshorectl metrics reference";
}

TEST(GeneratedFiles, MetricNamesAreThoseOfTheDeclaration) {
  EXPECT_EQ(content_of("tests/golden/metrics.txt"), metric_golden()) << "run: farshorectl metrics names";
}

TEST(MetricNames, FollowTheGrammar) {
  static const std::set<std::string> kUnits{"seconds",    "bytes",      "rows",       "transactions",
                                            "batches",    "partitions", "watermarks", "checkpoints",
                                            "reconnects", "polls",      "number",     "info"};
  static const std::set<std::string> kAnswers{"open", "active", "stopped", "ready"};
  std::set<std::string_view> seen;
  for (const MetricDeclaration* metric : every_metric()) {
    std::string name(metric->name);
    EXPECT_TRUE(seen.insert(metric->name).second) << name << " is declared twice";
    ASSERT_TRUE(name.starts_with("farshore_")) << name;
    const bool is_total = name.ends_with("_total");
    EXPECT_EQ(is_total, metric->type == MetricType::kCounter) << name;
    if (is_total) name.resize(name.size() - 6);
    const std::string last = name.substr(name.rfind('_') + 1);
    EXPECT_TRUE(kUnits.contains(last) || (metric->type == MetricType::kGauge && kAnswers.contains(last))) << name;
    EXPECT_FALSE(metric->help.empty()) << name;
    EXPECT_NE(metric->services, 0) << name;
  }
}

}  // namespace
}  // namespace farshore::service
