#include <gmock/gmock.h>

#include "capture/source/cascade_groups.hpp"
#include "capture/source/source_check.hpp"
#include "unit/mysql/scripted_server.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

change::TableRules rules(std::vector<std::string> patterns = {"*.*"}) {
  return *change::TableRules::make({{.name = "main", .tables = std::move(patterns), .partitions = 4}}, {});
}

TEST(Cascades, AreReadFromTheServersOwnSpelling) {
  const std::string definition =
      "CREATE TABLE `c` (\n  `id` int NOT NULL,\n  KEY `p` (`p`),\n"
      "  CONSTRAINT `c_1` FOREIGN KEY (`p`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n"
      "  CONSTRAINT `c_2` FOREIGN KEY (`q`) REFERENCES `q` (`id`),\n"
      "  CONSTRAINT `c_3` FOREIGN KEY (`r`, `REFERENCES`, `on)`) REFERENCES `other`.`r``2` (`id`, `b`, `c`) ON DELETE "
      "SET NULL ON UPDATE CASCADE,\n"
      "  CONSTRAINT `c_4` FOREIGN KEY (`s`) REFERENCES `s` (`id`) ON DELETE NO ACTION\n) ENGINE=InnoDB";
  EXPECT_THAT(
      cascades_of_definition(definition, "shop", "c"),
      ElementsAre(
          CascadingKey{{"shop.p"_table, "shop.c"_table}, "c_1", {"p"}, {"id"}, KeyAction::kCascade, KeyAction::kNone},
          CascadingKey{{"other.r`2"_table, "shop.c"_table},
                       "c_3",
                       {"r", "REFERENCES", "on)"},
                       {"id", "b", "c"},
                       KeyAction::kSetNull,
                       KeyAction::kCascade}));
}

TEST(Cascades, AreNotHiddenByAnyName) {
  const std::string definition =
      "CREATE TABLE `c` (\n  `id` int NOT NULL,\n  `p\n` int COMMENT 'it''s\\'\n  CONSTRAINT `x` FOREIGN KEY (',\n"
      "  KEY `ti\ne` (`p\n`),\n"
      "  CONSTRAINT `ti\ne` FOREIGN KEY (`p\n`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n"
      "  CONSTRAINT `a``\n FOREIGN KEY ` FOREIGN KEY (`q`) REFERENCES `ot.her`.`q, r` (`i\nd`) ON UPDATE CASCADE,\n"
      "  CONSTRAINT `ck\n` CHECK (`id` <> 'a\\'b ON DELETE')\n) ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (`id`) */";
  EXPECT_THAT(
      cascades_of_definition(definition, "shop", "c"),
      ElementsAre(
          CascadingKey{
              {"shop.p"_table, "shop.c"_table}, "ti\ne", {"p\n"}, {"id"}, KeyAction::kCascade, KeyAction::kNone},
          CascadingKey{{{"ot.her", "q, r"}, "shop.c"_table},
                       "a`\n FOREIGN KEY ",
                       {"q"},
                       {"i\nd"},
                       KeyAction::kNone,
                       KeyAction::kCascade}));
}

constexpr std::string_view kTied =
    "CREATE TABLE `c` (\n  CONSTRAINT `tie` FOREIGN KEY (`p`) REFERENCES `p` (`id`) ON DELETE CASCADE\n)";

/// A source with table shop.c, whose definition is kTied, and of which information_schema lists these keys: each a
/// listing, the last one for good.
class ListedKeys {
 public:
  explicit ListedKeys(std::vector<std::vector<std::string>> listings) : listings_(std::move(listings)) {
    server_.answer([this](const std::string& statement) -> mysql::test::Reply {
      if (statement.starts_with("SHOW CREATE TABLE"))
        return mysql::test::rows({"Table", "Create Table"}, {{"c", std::string(kTied)}});
      if (statement.find("KEY_COLUMN_USAGE") == std::string::npos) return mysql::test::ok();
      std::vector<std::vector<mysql::test::Reply::Field>> keys;
      for (const std::string& name : listings_.front())
        keys.push_back({"shop", "c", "shop", "p", name, "p", "id", "1"});
      if (listings_.size() > 1) listings_.erase(listings_.begin());
      return mysql::test::rows({"s", "t", "rs", "rt", "n", "c", "rc", "o"}, std::move(keys));
    });
    connection_.emplace(*mysql::Connection::open(server_.endpoint(), {}));
  }
  auto of_table() { return read_cascades_of(*connection_, "shop", "c"); }
  auto of_all() {
    return read_cascades(*connection_, [] { return true; });
  }

 private:
  std::vector<std::vector<std::string>> listings_;
  mysql::test::ScriptedServer server_;
  std::optional<mysql::Connection> connection_;
};

TEST(Cascades, AreThoseThatTheServerLists) {
  EXPECT_THAT(*ListedKeys({{"tie"}}).of_all(), SizeIs(1));
  EXPECT_THAT(**ListedKeys({{"tie"}}).of_table(), SizeIs(1));
  EXPECT_THAT(**ListedKeys({{}, {"tie", "gone"}, {"tie"}}).of_table(), SizeIs(1)) << "made meanwhile";
  for (const auto& listed : {std::vector<std::string>{"tie", "hidden"}, {"hidden"}}) {
    const auto keys = ListedKeys({listed}).of_all();
    ASSERT_FALSE(keys);
    EXPECT_THAT(keys.error().message, HasSubstr("of table shop.c SHOW CREATE TABLE and information_schema"));
    EXPECT_THAT(keys.error().message, HasSubstr("hidden is in one alone"));
    EXPECT_FALSE(ListedKeys({listed}).of_table());
  }
  EXPECT_FALSE(ListedKeys({std::vector<std::string>{}}).of_table())
      << "one that is not listed is not understood either";
}

TEST(Cascades, OfASchemaWithAPointAreNotTakenForThoseOfAnother) {
  const auto keys = cascades_of_definition(
      "CREATE TABLE `c` (CONSTRAINT `k` FOREIGN KEY (`p`) REFERENCES `x`.`eu.p` (`id`) ON DELETE CASCADE)", "x.eu",
      "c");
  ASSERT_THAT(keys, SizeIs(1));
  const Cascade& tie = keys[0].tie;
  EXPECT_EQ(tie.parent, (TableName{"x", "eu.p"}));
  EXPECT_EQ(tie.child, (TableName{"x.eu", "c"}));
  EXPECT_TRUE(is_captured(tie.parent, rules())) << "schema x, table eu.p";
  EXPECT_FALSE(is_captured(tie.child, rules())) << "its rows are refused: no group and no list has its name";
  EXPECT_FALSE(is_tie(tie, rules()));
  EXPECT_TRUE(is_unrepeated({.parent = tie.child, .child = "shop.a"_table}, rules()));
  EXPECT_THAT(check_cascade({.parent = tie.child, .child = "shop.a"_table}).sentence(),
              HasSubstr("by a cascade from x.eu.c"));
}

}  // namespace
}  // namespace farshore::capture
