#include "capture/known_cascades.hpp"

#include <gmock/gmock.h>

#include "capture/statement_check.hpp"

namespace farshore::capture {
namespace {

using change::Cascade;
using change::CascadingKey;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const CascadingKey kItems{.tie = {.parent = "shop.orders", .child = "shop.items"}, .name = "items_order"};
const CascadingKey kItemsToo{.tie = {.parent = "shop.orders", .child = "shop.items"}, .name = "items_first_order"};
const CascadingKey kNotes{.tie = {.parent = "shop.orders", .child = "shop.notes"}, .name = "notes_order"};

OriginPosition at(const char* text) { return *OriginPosition::parse(text); }

binlog::Statement statement(std::string_view sql) {
  return read_statement(sql, {.dialect = {}, .default_schema = "shop", .folds_names = false});
}

/// Keys that a checkpoint had, and that the source no longer has when it is asked at position 9.
KnownCascades gone(const std::vector<CascadingKey>& keys) {
  KnownCascades known(keys);
  for (const std::string& child : known.children()) known.take_answer(child, {}, at("0-1-9"));
  return known;
}

TEST(KnownCascades, OfACheckpointCountUntilAllIsReadThatTheSourceHadExecutedWithoutThem) {
  KnownCascades known({kItems, kNotes});
  known.take_answer("shop.items", {}, at("0-1-9"));
  known.take_answer("shop.notes", {kNotes}, at("0-1-9"));
  known.reached(at("0-1-8"));
  EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(kItems.tie));
  EXPECT_THAT(known.all(), ElementsAre(kItems, kNotes));
  (void)known.take_changed();
  known.take_answer("shop.items", {}, at("0-1-20"));
  (void)known.take_changed();
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items")) << "the first answer without it counts";
  EXPECT_THAT(known.ties_of("shop.items"), IsEmpty());
  EXPECT_THAT(known.all(), ElementsAre(kNotes));
}

TEST(KnownCascades, CountUntilTheStatementThatDropsThemIsRead) {
  KnownCascades known = gone({kItems, kItemsToo});
  known.take_statement(statement("ALTER TABLE items ADD COLUMN n INT"));
  known.take_statement(statement("ALTER TABLE notes DROP FOREIGN KEY items_order"));
  EXPECT_THAT(known.all(), ElementsAre(kItemsToo, kItems));
  known.take_statement(statement("ALTER TABLE items ADD COLUMN n INT, DROP CONSTRAINT IF EXISTS `Items_Order`"));
  EXPECT_THAT(known.all(), ElementsAre(kItemsToo));
  EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(kItems.tie)) << "the other key ties the same tables";
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_first_order"));
  EXPECT_THAT(known.ties_of("shop.items"), IsEmpty());
}

TEST(KnownCascades, ThatTheSourceHasStayWhateverAStatementSays) {
  KnownCascades known({kItems});
  known.take_answer("shop.items", {kItems}, at("0-1-9"));
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"));
  known.take_statement(statement("DROP TABLE items"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.all(), ElementsAre(kItems)) << "it was made again behind the statement";
}

TEST(KnownCascades, ThatComeBackCountAsTheSourcesOwn) {
  KnownCascades known = gone({kItems});
  known.take_answer("shop.items", {kItems}, at("0-1-12"));
  known.reached(at("0-1-12"));
  EXPECT_THAT(known.all(), ElementsAre(kItems));
}

TEST(KnownCascades, GoWithTheirChildAndNotWithTheirParent) {
  for (const char* sql : {"DROP TABLE other, items", "CREATE OR REPLACE TABLE items (id INT)", "DROP DATABASE shop"}) {
    KnownCascades known = gone({kItems});
    known.take_statement(statement(sql));
    EXPECT_THAT(known.ties_of("shop.items"), IsEmpty()) << sql;
  }
  for (const char* sql : {"TRUNCATE items", "DROP TABLE orders", "DROP DATABASE shopping", "ALTER TABLE items FORCE"}) {
    KnownCascades known = gone({kItems});
    known.take_statement(statement(sql));
    EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(kItems.tie)) << sql;
  }
}

TEST(KnownCascades, FollowTheirTablesToOtherNames) {
  KnownCascades known = gone({kItems, kNotes});
  (void)known.take_changed();
  known.take_statement(statement("RENAME TABLE items TO items_old, notes TO items, orders TO etc.orders"));
  EXPECT_THAT(known.ties_of("shop.items_old"), ElementsAre(Cascade{"etc.orders", "shop.items_old"}));
  EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(Cascade{"etc.orders", "shop.items"}));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items", "shop.items_old", "shop.notes"));
  known.take_statement(statement("ALTER TABLE items RENAME notes"));
  EXPECT_THAT(known.ties_of("shop.notes"), ElementsAre(Cascade{"etc.orders", "shop.notes"}));
  EXPECT_THAT(known.ties_of("shop.items"), IsEmpty());
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.all(), IsEmpty());
}

TEST(KnownCascades, AreExplainedByACheckpointOrAStatementThatNamesTheirTables) {
  KnownCascades known({kNotes});
  EXPECT_TRUE(known.is_explained(kNotes));
  EXPECT_FALSE(known.is_explained(kItems)) << "nobody has asked";
  known.take_answer("shop.items", {kItems, kItemsToo}, at("0-1-9"));
  EXPECT_FALSE(known.is_explained(kItems));
  EXPECT_THAT(known.all(), ElementsAre(kNotes)) << "the next session is to find it again";
  EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(kItems.tie)) << "but it counts";
  known.explain("shop.notes");
  EXPECT_FALSE(known.is_explained(kItems));
  known.explain("shop.orders");
  EXPECT_TRUE(known.is_explained(kItems) && known.is_explained(kItemsToo));
}

TEST(KnownCascades, OneThatNothingExplainsIsTakenOnce) {
  KnownCascades known;
  known.take_unexplained(kItems);
  EXPECT_TRUE(known.is_explained(kItems));
  EXPECT_THAT(known.all(), ElementsAre(kItems));
}

TEST(KnownCascades, MadeAndDroppedBeforeTheSourceWasAskedCountUntilAllIsReadThatItHadExecuted) {
  KnownCascades known;
  known.take_answer("shop.items", {}, at("0-1-9"));
  known.take_gone(kItems.tie, at("0-1-9"));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items"));
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"));
  EXPECT_THAT(known.ties_of("shop.items"), ElementsAre(kItems.tie)) << "its name is not known";
  known.take_statement(statement("RENAME TABLE items TO things"));
  EXPECT_THAT(known.ties_of("shop.things"), ElementsAre(Cascade{.parent = "shop.orders", .child = "shop.things"}));

  KnownCascades again(known.all());  // from a checkpoint
  again.take_answer("shop.things", {}, at("0-1-20"));
  again.reached(at("0-1-19"));
  EXPECT_EQ(again.ties_of("shop.things").size(), 1U);
  again.reached(at("0-1-20"));
  EXPECT_THAT(again.ties_of("shop.things"), IsEmpty());
}

TEST(KnownCascades, AreFoundByTheirName) {
  KnownCascades known({kItems});
  EXPECT_TRUE(known.has("shop.items", "ITEMS_order"));
  EXPECT_FALSE(known.has("shop.items", "other"));
  EXPECT_FALSE(known.has("shop.notes", "items_order"));
}

}  // namespace
}  // namespace farshore::capture
