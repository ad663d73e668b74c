#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "services/gate/verdict.hpp"
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

}  // namespace
}  // namespace farshore::gate
