#include "services/capture/capture_settings.hpp"

#include <gmock/gmock.h>

#include "base/environment_error.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

service::OriginConfig origin(const std::string& name, const std::string& region) {
  service::OriginConfig origin;
  origin.name = name;
  origin.region = region;
  origin.address = {.host = "127.0.0.1", .port = 3306};
  origin.server_id = 9001;
  return origin;
}

/// Of region east.
service::Config config(std::vector<service::OriginConfig> origins) {
  service::Config config;
  config.file = "farshore.yaml";
  config.region = "east";
  config.origins = std::move(origins);
  return config;
}

std::string refusal(const service::Config& config, const service::CaptureArguments& arguments) {
  try {
    (void)capture_settings(config, arguments);
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  return "";
}

TEST(CapturedOrigin, IsTheRegionsOnlyOne) {
  EXPECT_EQ(choose_origin(config({origin("west", "west"), origin("east", "east")}), {}).name, "east");
}

TEST(CapturedOrigin, OfSeveralHasToBeAskedFor) {
  const auto several = config({origin("shop", "east"), origin("stock", "east"), origin("west", "west")});
  EXPECT_THAT(refusal(several, {}), HasSubstr("has several origins (shop, stock)"));
  EXPECT_EQ(choose_origin(several, {.origin = "stock", .from = {}}).name, "stock");
}

TEST(CapturedOrigin, OfAnotherRegionIsNotCapturedHere) {
  const auto both = config({origin("east", "east"), origin("west", "west")});
  EXPECT_THAT(refusal(both, {.origin = "west", .from = {}}), HasSubstr("region east has these origins: east"));
  EXPECT_THAT(refusal(config({origin("west", "west")}), {}), HasSubstr("has none of region east"));
}

TEST(From, IsTheEndUnlessAskedFor) {
  const auto one = config({origin("east", "east")});
  const CaptureSettings plain = capture_settings(one, {});
  EXPECT_EQ(plain.from, "end");
  EXPECT_FALSE(plain.from_is_asked_for);
  const CaptureSettings asked = capture_settings(one, {.origin = {}, .from = "end"});
  EXPECT_TRUE(asked.from_is_asked_for) << "a checkpoint that passes it over is told of";
  EXPECT_EQ(capture_settings(one, {.origin = {}, .from = "0-1-5"}).from, "0-1-5");
}

TEST(From, IsNothingElseThanAPlaceInTheBinlog) {
  const auto one = config({origin("east", "east")});
  EXPECT_THAT(refusal(one, {.origin = {}, .from = "beginning"}),
              HasSubstr("--from is beginning; it takes end, earliest"));
  EXPECT_THAT(refusal(one, {.origin = {}, .from = ""}), HasSubstr("--from is "));
}

TEST(Rules, KnowTheOriginsOwnServers) {
  service::OriginConfig east = origin("east", "east");
  east.own_servers = {"102"};
  east.foreign_servers = {"201"};
  const CaptureSettings settings = capture_settings(config({east}), {});
  EXPECT_THAT(settings.rules.own_servers(), ElementsAre("102"));
  EXPECT_THAT(settings.foreign_servers, ElementsAre("201"));
  EXPECT_THAT(settings.allowed_upstreams, ElementsAre("102", "201"));
}

}  // namespace
}  // namespace farshore::capture
