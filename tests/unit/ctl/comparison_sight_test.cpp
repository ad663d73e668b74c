#include "services/ctl/comparison_sight.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace farshore::ctl {
namespace {

using mysql::Grants;
using Patterns = std::vector<std::string>;

Grants granted(std::vector<std::string> on) {
  std::vector<std::string> lines;
  for (const std::string& what : on) lines.push_back("GRANT SELECT ON " + what + " TO `ctl`@`%`");
  return {"'ctl'@'%'", lines};
}

TEST(ComparisonSight, CapturesWhatStreamsAndRulesOfStreamsTake) {
  service::Config config;
  config.streams = {{"main", {}}};
  config.streams["main"].tables = {"shop.*", "!shop.tmp_*"};
  config.tables.resize(3);
  config.tables[0].match = "crm.*";
  config.tables[0].stream = "main";
  config.tables[1].match = "shop.local";  // of no stream of its own
  config.tables[2].match = "hr.*";
  config.tables[2].stream = "main";
  config.tables[2].merge = change::MergeRule::kLocal;
  EXPECT_EQ(captured_patterns(config), (Patterns{"shop.*", "crm.*"}));
}

TEST(ComparisonSight, IsWholeWhereEachSchemaIsNamedAndGranted) {
  const Patterns captured{"shop.*", "crm.people"};
  EXPECT_EQ(out_of_sight(granted({"*.*"}), Patterns{"*.*"}, Patterns{"*.*"}), Patterns{});
  EXPECT_EQ(out_of_sight(granted({"`shop`.*", "`crm`.*"}), captured, captured), Patterns{});
  EXPECT_EQ(out_of_sight(granted({"`shop`.*", "`crm`.`people`"}), captured, captured), Patterns{});
  EXPECT_EQ(out_of_sight(granted({"`shop`.*"}), captured, captured), Patterns{"crm.people"});
}

TEST(ComparisonSight, IsNotWholeWhereAPatternMayMatchASchemaThatIsNotShown) {
  const Patterns captured{"*.*"};
  const Grants grants = granted({"`shop`.*", "`test%`.*", "`crm`.`people`"});
  EXPECT_EQ(out_of_sight(grants, captured, captured), captured);
  EXPECT_EQ(out_of_sight(grants, captured, Patterns{"shop.*", "test_1.*", "crm.people"}), Patterns{});
  EXPECT_EQ(out_of_sight(grants, captured, Patterns{"shop.*", "sho?.*", "crm.*", "hr.people"}),
            (Patterns{"sho?.*", "crm.*", "hr.people"}));
  EXPECT_EQ(out_of_sight(grants, Patterns{"shop.*"}, Patterns{"*.orders"}), Patterns{}) << "no other is captured";
}

TEST(ComparisonSight, IsOfTheOriginThatIsTheRegionsDatabase) {
  service::Config config;
  config.region = "east";
  config.database.address = {"10.0.0.1", 3306};
  config.origins.resize(1);
  config.origins[0].name = "east";
  config.origins[0].region = "east";
  config.origins[0].address = {"db.east", 3306};
  EXPECT_EQ(origins_elsewhere(config), Patterns{}) << "it has another name there";
  config.origins.resize(3, config.origins[0]);
  config.origins[1].name = "east2";
  config.origins[1].address = {"10.0.0.1", 3306};
  config.origins[2].name = "west";
  config.origins[2].region = "west";
  EXPECT_EQ(origins_elsewhere(config), Patterns{"east"});
  config.database.socket = "/run/db.sock";
  config.origins[0].socket = "/run/db.sock";
  EXPECT_EQ(origins_elsewhere(config), Patterns{"east2"});
}

TEST(ComparisonSight, OfATableIsWholeWithAllOfItsColumns) {
  EXPECT_TRUE(sees_whole(granted({"`shop`.*"}), "shop", "orders"));
  EXPECT_TRUE(sees_whole(granted({"`shop`.`orders`"}), "shop", "orders"));
  EXPECT_FALSE(sees_whole(granted({"`shop`.`items`"}), "shop", "orders"));
  EXPECT_FALSE(sees_whole({"'ctl'@'%'", {"GRANT SELECT (`id`) ON `shop`.`orders` TO `ctl`@`%`"}}, "shop", "orders"));
}

}  // namespace
}  // namespace farshore::ctl
