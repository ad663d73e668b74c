#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "services/config/config_fields.hpp"
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

}  // namespace
}  // namespace farshore::service
