#include "change/table_rules.hpp"
#include "unit/table_literal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::change {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TableRules rules_of(std::vector<StreamRule> streams, std::vector<TableRule> rules = {},
                    std::vector<CascadeGroup> cascades = {}) {
  auto made = TableRules::make(std::move(streams), std::move(rules), std::move(cascades));
  EXPECT_TRUE(made.has_value()) << made.error();
  return std::move(*made);
}

TableRule rule_for(std::string match) {
  TableRule rule;
  rule.match = std::move(match);
  return rule;
}

const StreamRule kEverything = {"main", {"*.*"}, 8};

TEST(TablePattern, MatchesSchemaAndTableApart) {
  EXPECT_TRUE(pattern_matches("*.*", "shop", "orders"));
  EXPECT_TRUE(pattern_matches("shop.order*", "shop", "orders"));
  EXPECT_TRUE(pattern_matches("shop.order?", "shop", "orders"));
  EXPECT_TRUE(pattern_matches("sh*.*der*s", "shop", "old_orders"));
  EXPECT_TRUE(pattern_matches("shop.a.b", "shop", "a.b"));
  EXPECT_FALSE(pattern_matches("shop.order?", "shop", "order"));
  EXPECT_FALSE(pattern_matches("shop.orders", "shop2", "orders"));
  EXPECT_FALSE(pattern_matches("s*", "shop", "orders")) << "a pattern has two parts";
  EXPECT_FALSE(pattern_matches("shop.Orders", "shop", "orders")) << "names compare by bytes";
}

TEST(TablePattern, NamesASchemaWithAPointInItsName) {
  for (const char* pattern : {"x.eu.t", "x.eu.*", "x?eu.t", "*.t", "*.*", "x.*.t"})
    EXPECT_TRUE(pattern_matches(pattern, "x.eu", "t")) << pattern;
  for (const char* pattern : {"x.t", "x.eu", "x.us.t", "eu.t", "x.*"})
    EXPECT_FALSE(pattern_matches(pattern, "x.eu", "t")) << pattern;
  const TableRules rules = rules_of({{"main", {"*.*", "!x.eu.t", "!y.eu.*"}, 1}});
  EXPECT_FALSE(rules.route("x.eu", "t").captured);
  EXPECT_TRUE(rules.route("x.eu", "u").captured);
  EXPECT_FALSE(rules.route("y.eu", "u").captured);
  EXPECT_TRUE(rules_of({{"main", {"x.eu.*"}, 1}}).may_capture("x.eu"));
}

TEST(TablePattern, NeedsASchemaAndATable) {
  EXPECT_TRUE(pattern_is_valid("*.*"));
  for (const char* pattern : {"", "orders", ".orders", "shop.", "."})
    EXPECT_FALSE(pattern_is_valid(pattern)) << pattern;
}

TEST(TableRules, CaptureEveryTableByDefaultButTheServersAndShadows) {
  const TableRules rules = rules_of({kEverything});
  EXPECT_TRUE(rules.route("shop", "orders").captured);
  for (const char* schema : {"mysql", "sys", "information_schema", "performance_schema", "farshore"}) {
    EXPECT_FALSE(rules.route(schema, "t").captured) << schema;
  }
  for (const char* table : {"_t_gho", "_t_ghc", "_t_del", "_t_new", "_t_old"}) {
    EXPECT_FALSE(rules.route("shop", table).captured) << table;
  }
  EXPECT_TRUE(rules.route("shop", "t_new").captured);
}

TEST(TableRules, LeaveOutOfAStreamWhatAPatternWithAMarkNames) {
  const TableRules rules = rules_of({{"core", {"shop.*", "!shop.log", "!shop.tmp_*"}, 8}, {"rest", {"*.*"}, 1}});
  EXPECT_EQ(rules.route("shop", "orders").stream, 0U);
  EXPECT_EQ(rules.route("shop", "log").stream, 1U) << "another stream may take it";
  const TableRules alone = rules_of({{"core", {"!shop.log", "shop.*"}, 8}});
  EXPECT_TRUE(alone.route("shop", "orders").captured);
  EXPECT_FALSE(alone.route("shop", "log").captured) << "wherever the pattern stands";
  EXPECT_FALSE(alone.route("other", "log").captured) << "it takes nothing by itself";
}

TEST(TableRules, LeaveOutWhatAMarkNamesAlsoWhenARuleNamesTheStream) {
  TableRule rule = rule_for("shop.*");
  rule.stream = "core";
  const TableRules rules = rules_of({{"core", {"pay.*", "!shop.log"}, 8}}, {rule});
  EXPECT_TRUE(rules.route("shop", "orders").captured);
  EXPECT_FALSE(rules.route("shop", "log").captured);
}

TEST(TableRules, KeepMarksInTheNumbering) {
  const TableRules rules = rules_of({{"core", {"shop.*", "!shop.log"}, 8}});
  const auto again = TableRules::from_numbering(rules.numbering());
  ASSERT_TRUE(again.has_value()) << again.error();
  EXPECT_FALSE(again->route("shop", "log").captured);
  EXPECT_NE(rules.numbering(), rules_of({{"core", {"shop.*"}, 8}}).numbering());
}

TEST(TableRules, NeverCaptureFarshoresOwnSchemaEvenIfNamed) {
  const TableRules rules = rules_of({{"main", {"farshore.*", "*.*"}, 8}}, {rule_for("farshore.progress")});
  EXPECT_FALSE(rules.route("farshore", "progress").captured);
}

TEST(TableRules, TakeASchemaOfApplicationsThatIsNamedSoButForTheCaseOfLetters) {
  const TableRules rules = rules_of({{"main", {"*.*"}, 8}}, {});
  for (const char* schema :
       {"Farshore", "FARSHORE", "MySQL", "MYSQL", "Sys", "INFORMATION_SCHEMA", "Performance_Schema"}) {
    EXPECT_TRUE(is_system_schema(schema)) << schema << ": apply and capture refuse it aloud";
    EXPECT_TRUE(rules.route(schema, "orders").captured) << schema << ": it is not left out in silence";
  }
  for (const char* schema : {"farshore_", "my", "mysqls", "sys ", "", "f\u00e4rshore"})
    EXPECT_FALSE(is_system_schema(schema)) << schema;
}

TEST(TableRules, FirstRuleThatMatchesDecides) {
  TableRule orders = rule_for("shop.order*");
  orders.stream = "core";
  orders.group = "orders";
  orders.merge = MergeRule::kImmutable;
  TableRule shop = rule_for("shop.*");
  shop.entity = "user_id";
  const TableRules rules = rules_of({kEverything, {"core", {}, 4}}, {orders, shop});
  const Route route = rules.route("shop", "order_items");
  EXPECT_EQ(rules.streams()[route.stream].name, "core");
  EXPECT_EQ(route.group, "orders");
  EXPECT_EQ(route.entity, "");
  EXPECT_EQ(route.merge, MergeRule::kImmutable);
  EXPECT_EQ(rules.route("shop", "users").entity, "user_id");
  EXPECT_EQ(rules.route("blog", "posts").entity, "");
}

TEST(TableRules, FirstStreamThatMatchesTakesATableWithoutARule) {
  const TableRules rules = rules_of({{"bulk", {"logs.*"}, 2}, {"main", {"shop.*", "logs.*"}, 8}});
  EXPECT_EQ(rules.route("logs", "x").stream, 0U);
  EXPECT_EQ(rules.route("shop", "x").stream, 1U);
  EXPECT_FALSE(rules.route("blog", "x").captured);
}

TEST(TableRules, LeaveOutLocalTables) {
  TableRule local = rule_for("shop.sessions");
  local.merge = MergeRule::kLocal;
  const TableRules rules = rules_of({kEverything}, {local});
  EXPECT_FALSE(rules.route("shop", "sessions").captured);
}

TEST(TableRules, PutTablesOfACascadeInOneGroup) {
  const TableRules rules = rules_of({kEverything}, {}, {{"cascade:shop.a", {"shop.b"_table, "shop.a"_table}}});
  EXPECT_EQ(rules.route("shop", "a").group, "cascade:shop.a");
  EXPECT_EQ(rules.route("shop", "b").group, "cascade:shop.a");
  EXPECT_EQ(rules.route("shop", "c").group, "");
}

TEST(TableRules, NameTheTiesThatAChangeOfATableCanGoThrough) {
  const CascadingKey a_b{{"shop.a"_table, "shop.b"_table}}, b_c{{"shop.b"_table, "shop.c"_table}},
      c_a{{"shop.c"_table, "shop.a"_table}}, a_d{{"shop.a"_table, "shop.d"_table}},
      d_d{{"shop.d"_table, "shop.d"_table}};
  const std::vector<TableName> tables = {"shop.a"_table, "shop.b"_table, "shop.c"_table, "shop.d"_table};
  const TableRules chain = rules_of({kEverything}, {}, {{"g", tables, {d_d, b_c, a_d, a_b}}});
  EXPECT_THAT(chain.route("shop", "a").ties, ElementsAre(a_b, a_d, b_c, d_d));
  EXPECT_THAT(chain.route("shop", "b").ties, ElementsAre(a_b, b_c));
  EXPECT_THAT(chain.route("shop", "c").ties, ElementsAre(b_c));
  EXPECT_THAT(chain.route("shop", "d").ties, ElementsAre(a_d, d_d));
  EXPECT_THAT(chain.route("shop", "e").ties, IsEmpty());
  const TableRules ring = rules_of({kEverything}, {}, {{"g", tables, {a_b, b_c, c_a}}});
  EXPECT_THAT(ring.route("shop", "a").ties, ElementsAre(c_a, a_b, b_c));
}

TEST(TableRules, TakeOtherTiesUnderTheSameNumbering) {
  const CascadingKey a_b{{"shop.a"_table, "shop.b"_table}}, a_c{{"shop.a"_table, "shop.c"_table}};
  const std::vector<TableName> tables = {"shop.a"_table, "shop.b"_table, "shop.c"_table};
  const TableRules tied = rules_of({kEverything}, {}, {{"g", tables, {a_b, a_c}}});
  TableRules rules = *TableRules::from_numbering(tied.numbering());
  EXPECT_EQ(rules.numbering(), tied.numbering());
  EXPECT_THAT(rules.route("shop", "a").ties, IsEmpty()) << "no numbering has them";
  EXPECT_TRUE(rules.set_ties_of("shop.c"_table, {a_c, a_c, a_b, {{"shop.elsewhere"_table, "shop.c"_table}}}));
  EXPECT_THAT(rules.route("shop", "a").ties, ElementsAre(a_c)) << "its own keys alone, and those of the group";
  EXPECT_TRUE(rules.route("shop", "a").repeats_cascades);
  EXPECT_FALSE(rules.route("shop", "b").repeats_cascades) << "no key of its own, and none of others to it";
  EXPECT_EQ(rules.route("shop", "b").group, "g") << "but in the group all the same";
  EXPECT_FALSE(rules.set_ties_of("shop.c"_table, {a_c}));
  EXPECT_TRUE(rules.set_ties_of("shop.b"_table, {a_b}));
  EXPECT_THAT(rules.route("shop", "a").ties, ElementsAre(a_b, a_c));
  EXPECT_TRUE(rules.set_ties_of("shop.c"_table, {}));
  EXPECT_THAT(rules.route("shop", "a").ties, ElementsAre(a_b));
  EXPECT_FALSE(rules.set_ties_of("shop.untied"_table, {a_b}));
  EXPECT_EQ(rules.numbering(), tied.numbering());
}

TEST(TableRules, LetACascadeJoinTheGroupThatOneOfItsTablesHas) {
  TableRule declared = rule_for("shop.a");
  declared.group = "orders";
  const TableRules rules = rules_of({kEverything}, {declared}, {{"cascade:shop.a", {"shop.a"_table, "shop.b"_table}}});
  EXPECT_EQ(rules.route("shop", "b").group, "orders");
}

TEST(TableRules, RefuseACascadeOverTwoStreamsOrTwoGroups) {
  const std::vector<CascadeGroup> cascade = {{"c", {"bulk.b"_table, "shop.a"_table}}};
  const auto streams = TableRules::make({{"bulk", {"bulk.*"}, 1}, {"main", {"*.*"}, 8}}, {}, cascade);
  ASSERT_FALSE(streams.has_value());
  EXPECT_THAT(streams.error(), HasSubstr("one stream"));
  TableRule first = rule_for("shop.a");
  first.group = "one";
  TableRule second = rule_for("bulk.b");
  second.group = "two";
  const auto groups = TableRules::make({kEverything}, {first, second}, cascade);
  ASSERT_FALSE(groups.has_value());
  EXPECT_THAT(groups.error(), HasSubstr("one group"));
}

TEST(TableRules, RefuseACascadeOfASchemaWithAPointInItsName) {
  const std::vector<CascadeGroup> cascade = {{"c", {{"shop", "a"}, {"x.eu", "b"}}}};
  const auto refused = TableRules::make({kEverything}, {}, cascade);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            "table x.eu.b is of schema \"x.eu\", and one with a point in its name cannot be captured or applied: leave "
            "the table out (\"!x.eu.b\" in the stream's tables, or \"!x.eu.*\" for all of the schema) and start again");
  EXPECT_TRUE(TableRules::make({{"main", {"*.*", "!x.eu.b"}, 1}}, {}, cascade));
}

TEST(TableRules, KeepTheNamesOfACascadeWhateverCharactersTheyHave) {
  for (const std::string name : {"kid, b", "kid: b", "kid,", "kid:", " kid", ", ", ": ", "\\", "a\\ b", ",\\ ", "a,\\",
                                 "x.y", "a, b: c, d", "kid,, b", "\\\\ ,"}) {
    const std::string child = "shop." + name;
    const TableRules rules = rules_of({kEverything}, {}, {{"cascade:" + child, {{"shop", name}, "shop.parent"_table}}});
    const auto read = TableRules::from_numbering(rules.numbering());
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->numbering(), rules.numbering()) << name;
    ASSERT_EQ(read->cascades().size(), 1U);
    EXPECT_EQ(read->cascades()[0].name, "cascade:" + child);
    EXPECT_EQ(read->cascades()[0].tables, rules.cascades()[0].tables) << name;
    EXPECT_EQ(read->route("shop", name).group, "cascade:" + child);
  }
  EXPECT_THAT(
      rules_of({kEverything}, {}, {{"cascade:shop.a", {"shop.a"_table, "shop.b"_table}}}).numbering().cascade_groups,
      ElementsAre("cascade:shop.a: shop.a, shop.b"))
      << "as it was: others would begin an epoch";
}

TEST(TableRules, RefuseWhatTheConfigurationCannotMean) {
  EXPECT_FALSE(TableRules::make({{"main", {"orders"}, 8}}, {}).has_value());
  EXPECT_FALSE(TableRules::make({kEverything, kEverything}, {}).has_value());
  EXPECT_FALSE(TableRules::make({{"main", {"*.*"}, 0}}, {}).has_value());
  EXPECT_FALSE(TableRules::make({kEverything}, {rule_for("shop")}).has_value());
  TableRule unknown = rule_for("shop.*");
  unknown.stream = "nowhere";
  EXPECT_FALSE(TableRules::make({kEverything}, {unknown}).has_value());
  TableRule both = rule_for("shop.*");
  both.group = "g";
  both.entity = "e";
  EXPECT_FALSE(TableRules::make({kEverything}, {both}).has_value());
}

TEST(TableRules, AreReadBackFromTheNumberingOfACheckpoint) {
  TableRule orders = rule_for("shop.order*");
  orders.group = "orders";
  TableRule users = rule_for("shop.user*");
  users.entity = "user_id";
  TableRule local = rule_for("shop.sessions");
  local.merge = MergeRule::kLocal;
  const TableRules rules = rules_of({kEverything, {"bulk", {"logs.*"}, 2}}, {orders, users, local},
                                    {{"cascade:shop.a", {"shop.a"_table, "shop.b"_table}}});
  const auto read = TableRules::from_numbering(rules.numbering());
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->numbering(), rules.numbering());
  EXPECT_EQ(read->route("shop", "orders").group, "orders");
  EXPECT_EQ(read->route("shop", "users").entity, "user_id");
  EXPECT_EQ(read->route("shop", "b").group, "cascade:shop.a");
  EXPECT_FALSE(read->route("shop", "sessions").captured);
  EXPECT_EQ(read->streams()[1].partitions, 2U);
}

TEST(TableRules, DigestFollowsWhatDecidesTheNumberingAndNothingElse) {
  const std::uint64_t digest_before = digest(rules_of({kEverything}, {rule_for("shop.*")}).numbering());
  TableRule immutable = rule_for("shop.*");
  immutable.merge = MergeRule::kImmutable;
  EXPECT_EQ(digest(rules_of({kEverything}, {immutable}).numbering()), digest_before);
  TableRule grouped = rule_for("shop.*");
  grouped.group = "g";
  EXPECT_NE(digest(rules_of({kEverything}, {grouped}).numbering()), digest_before);
  EXPECT_NE(digest(rules_of({{"main", {"*.*"}, 9}}, {rule_for("shop.*")}).numbering()), digest_before);
  EXPECT_NE(digest(rules_of({kEverything}, {rule_for("shop.*")}, {{"c", {"shop.a"_table}}}).numbering()),
            digest_before);
}

TEST(TableRules, RefuseANumberingThatTheyDoNotKnow) {
  Numbering numbering = rules_of({kEverything}).numbering();
  numbering.algorithm = kNumberingAlgorithm + 1;
  EXPECT_FALSE(TableRules::from_numbering(numbering).has_value());
  numbering.algorithm = 0;
  EXPECT_FALSE(TableRules::from_numbering(numbering).has_value());
  numbering = rules_of({kEverything}).numbering();
  numbering.table_rules = "{}";
  EXPECT_FALSE(TableRules::from_numbering(numbering).has_value());
  numbering.table_rules = "not JSON";
  EXPECT_FALSE(TableRules::from_numbering(numbering).has_value());
}

TEST(TableRules, OfAnEarlierAlgorithmAreReadSoThatWhatItPublishedIsReadAgain) {
  Numbering numbering = rules_of({kEverything}).numbering();
  EXPECT_TRUE(keeps_key_shapes(numbering) && leaves_out_rolled_back(numbering));
  numbering.algorithm = 2;
  EXPECT_TRUE(keeps_key_shapes(numbering) && !leaves_out_rolled_back(numbering));
  numbering.algorithm = 1;
  EXPECT_FALSE(keeps_key_shapes(numbering));
  const auto rules = TableRules::from_numbering(numbering);
  ASSERT_TRUE(rules.has_value());
  EXPECT_NE(rules->numbering(), numbering) << "a new epoch has to follow";
}

TEST(TableRules, RefuseAMergeRuleThatIsNotBuilt) {
  for (const MergeRule merge : kMergeRules) {
    TableRule rule = {.match = "shop.orders", .stream = "", .group = "", .entity = ""};
    rule.merge = merge;
    const auto rules = TableRules::make({{.name = "main", .tables = {"*.*"}}}, {rule});
    EXPECT_EQ(rules.has_value(), is_built(merge)) << to_string(merge);
  }
  TableRule sums = {.match = "shop.accounts", .stream = "", .group = "", .entity = ""};
  sums.merge = MergeRule::kDelta;
  EXPECT_EQ(TableRules::make({{.name = "main", .tables = {"*.*"}}}, {sums}).error(),
            "table rule \"shop.accounts\" has the merge rule delta, which this Farshore does not have");
}

}  // namespace
}  // namespace farshore::change
