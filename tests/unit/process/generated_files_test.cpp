#include <gtest/gtest.h>

#include "services/config/config_fields.hpp"
#include "unit/source_tree.hpp"

namespace farshore::service {
namespace {

using test::content_of;

TEST(GeneratedFiles, ConfigurationPageIsThatOfTheDeclaration) {
  EXPECT_EQ(content_of("docs/configuration.md"), config_reference()) << "run: farshorectl config reference";
}

TEST(GeneratedFiles, ConfigurationSchemaIsThatOfTheDeclaration) {
  EXPECT_EQ(content_of("schemas/config.schema.json"), config_schema()) << "run: farshorectl config schema";
}

}  // namespace
}  // namespace farshore::service
