#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "services/gate/verdict.hpp"
#include "services/telemetry/metric_names.hpp"
#include "unit/source_tree.hpp"

namespace farshore::gate {
namespace {

std::string runbooks() {
  std::ifstream in(test::source_path("docs/operating/runbooks.md"), std::ios::binary);
  EXPECT_TRUE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Runbooks, HaveAnEntryForEveryReasonThatClosesTheGate) {
  std::istringstream lines(runbooks());
  std::string headings;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("## The gate is closed")) headings += line + "\n";
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const std::string reason = "`" + std::string(to_string(static_cast<Reason>(i))) + "`";
    EXPECT_NE(headings.find(reason), std::string::npos) << reason;
  }
}

TEST(Runbooks, NameOnlyMetricsThatExist) {
  std::set<std::string_view> known;
  for (const service::MetricDeclaration* metric : service::every_metric()) known.insert(metric->name);
  const std::string text = runbooks();
  for (std::size_t at = text.find("farshore_"); at != std::string::npos; at = text.find("farshore_", at + 1)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    const std::string name = text.substr(at, end - at);
    EXPECT_TRUE(known.contains(name)) << name;
  }
}

}  // namespace
}  // namespace farshore::gate
