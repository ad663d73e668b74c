#include "services/ctl/mirror_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

service::Config region(const std::string& name, const std::vector<std::string>& origins) {
  service::Config config;
  config.region = name;
  config.kafka.bootstrap = name + ":9092";
  for (const std::string& origin : origins) {
    service::OriginConfig& made = config.origins.emplace_back();
    made.name = origin;
    made.region = name;
  }
  return config;
}

TEST(MirrorConfig, HasTheFlowsIntoTheRegionAndSwitchesTheOthersOff) {
  const std::string text = mirror_properties({region("west", {"west"}), region("east", {"east-1", "east-2"})}, "west");
  EXPECT_THAT(text, HasSubstr("clusters = west, east\n"));
  EXPECT_THAT(text, HasSubstr("east.bootstrap.servers = east:9092\n"));
  EXPECT_THAT(text, HasSubstr("east->west.topics = farshore[.](changes|json)[.](east-1|east-2)[.].*\n"));
  EXPECT_THAT(text, HasSubstr("east->west.producer.override.max.request.size = 11534336\n"));
  EXPECT_THAT(text, HasSubstr("west->east.enabled = false\n"));
  EXPECT_THAT(text, Not(HasSubstr("west->east.topics")));
}

TEST(MirrorConfig, HasEveryFlowForOneMirrorOfAll) {
  const std::string text = mirror_properties({region("west", {"west"}), region("east", {"east"})}, "");
  EXPECT_THAT(text, HasSubstr("west->east.topics = farshore[.](changes|json)[.]west[.].*\n"));
  EXPECT_THAT(text, HasSubstr("east->west.topics = farshore[.](changes|json)[.]east[.].*\n"));
}

TEST(MirrorConfig, TellsOfSecretsAndDoesNotShowThem) {
  service::Config east = region("east", {"east"});
  east.kafka.properties = {{"security.protocol", "SASL_SSL"}, {"sasl.password", "hidden"}};
  const std::string text = mirror_properties({region("west", {"west"}), east}, "west");
  EXPECT_THAT(text, HasSubstr("east.security.protocol = SASL_SSL\n"));
  EXPECT_THAT(text, HasSubstr("# kafka.properties of east has sasl.password"));
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace farshore::ctl
