#include "capture/source/known_cascades.hpp"

#include <gmock/gmock.h>

#include "capture/source/statement_check.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using change::Cascade;
using change::CascadingKey;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const CascadingKey kItems{.tie = {.parent = "shop.orders"_table, .child = "shop.items"_table}, .name = "items_order"};
const CascadingKey kItemsToo{.tie = {.parent = "shop.orders"_table, .child = "shop.items"_table},
                             .name = "items_first_order"};
const CascadingKey kNotes{.tie = {.parent = "shop.orders"_table, .child = "shop.notes"_table}, .name = "notes_order"};

OriginPosition at(const char* text) { return *OriginPosition::parse(text); }

binlog::Statement statement(std::string_view sql) {
  return read_statement(sql, {.dialect = {}, .default_schema = "shop", .folds_names = false});
}

/// Of a checkpoint. No stream takes the schema aside.
KnownCascades kept(const std::vector<CascadingKey>& keys, const char* executed = "0-1-9") {
  return {keys, at(executed), [](const TableName& table) { return table.schema != "aside"; }};
}

/// Keys that a checkpoint had, and that the source no longer has when it is asked at position 9.
KnownCascades gone(const std::vector<CascadingKey>& keys) {
  KnownCascades known = kept(keys);
  for (const TableName& child : known.children()) known.take_answer(child, std::vector<CascadingKey>(), at("0-1-9"));
  return known;
}

TEST(KnownCascades, OfACheckpointCountUntilAllIsReadThatTheSourceHadExecutedWithoutThem) {
  KnownCascades known = kept({kItems, kNotes});
  known.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-9"));
  known.take_answer("shop.notes"_table, std::vector{kNotes}, at("0-1-9"));
  known.reached(at("0-1-8"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  EXPECT_THAT(known.all(), ElementsAre(kItems, kNotes));
  (void)known.take_changed();
  known.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-20"));
  (void)known.take_changed();
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items"_table)) << "the first answer without it counts";
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  known.settle("shop.items"_table);
  EXPECT_THAT(known.all(), ElementsAre(kNotes));
}

TEST(KnownCascades, CountUntilTheStatementThatDropsThemIsRead) {
  KnownCascades known = gone({kItems, kItemsToo});
  known.take_statement(statement("ALTER TABLE items ADD COLUMN n INT"), at("0-1-4"));
  known.take_statement(statement("ALTER TABLE notes DROP FOREIGN KEY items_order"), at("0-1-4"));
  EXPECT_THAT(known.all(), ElementsAre(kItemsToo, kItems));
  known.take_statement(statement("ALTER TABLE items ADD COLUMN n INT, DROP CONSTRAINT IF EXISTS `Items_Order`"),
                       at("0-1-4"));
  EXPECT_THAT(known.all(), ElementsAre(kItemsToo));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItemsToo)) << "the other key ties the same tables";
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_first_order"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
}

TEST(KnownCascades, ThatTheSourceHasStayWhateverAStatementSays) {
  KnownCascades known = kept({kItems});
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-9"));
  for (const char* sql : {"ALTER TABLE items DROP FOREIGN KEY items_order", "DROP TABLE items", "DROP DATABASE shop"}) {
    KnownCascades dropped = known;
    dropped.take_statement(statement(sql), at("0-1-4"));
    EXPECT_THAT(dropped.keys_of("shop.items"_table), IsEmpty()) << sql;
    dropped.reached(at("0-1-9"));
    EXPECT_THAT(dropped.ties(), ElementsAre(kItems.tie)) << "it is made again behind the statement";
    EXPECT_THAT(dropped.doubted(), IsEmpty());
    dropped.explain(kItems.tie, {.name = kItems.name});
    EXPECT_THAT(dropped.keys_of("shop.items"_table), ElementsAre(kItems)) << sql;
  }
}

TEST(KnownCascades, ThatNoStatementMadeAreDoubtedWhenOneDropsThem) {
  KnownCascades known = kept({});
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-9"));
  KnownCascades maybe = known;
  maybe.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY IF EXISTS items_order"), at("0-1-10"));
  EXPECT_THAT(maybe.doubted(), IsEmpty()) << "it may not have been there";
  maybe.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"), at("0-1-8"));
  EXPECT_THAT(maybe.doubted(), IsEmpty()) << "another one, which cascades nothing; it is made behind this";
  KnownCascades gone = known;
  gone.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-12"));
  for (KnownCascades* each : {&known, &gone}) {
    each->take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"), at("0-1-10"));
    EXPECT_THAT(each->doubted(), ElementsAre("shop.items"_table));
    EXPECT_THAT(each->keys_of("shop.items"_table), IsEmpty());
  }
}

TEST(KnownCascades, AreDroppedByTheirOwnNameAlone) {
  const CascadingKey key{.tie = kItems.tie, .name = "items_ibfk_1"};
  KnownCascades known = kept({key});
  known.take_answer("shop.items"_table, std::vector{key}, at("0-1-9"));
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY _items_ibfk_1"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(key));
}

TEST(KnownCascades, ThatTheSourceHasAgainUnderTheOldNamesFollowTheirTablesMeanwhile) {
  KnownCascades known = kept({kItems});
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-9"));
  known.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  EXPECT_THAT(known.keys_of("shop.things"_table),
              ElementsAre(CascadingKey{{"shop.orders"_table, "shop.things"_table}, kItems.name}));
  known.take_statement(statement("RENAME TABLE things TO items"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  EXPECT_THAT(known.keys_of("shop.things"_table), IsEmpty());
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.all(), ElementsAre(kItems));
}

TEST(KnownCascades, ThatComeBackCountAsTheSourcesOwn) {
  KnownCascades known = gone({kItems});
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-12"));
  known.reached(at("0-1-12"));
  EXPECT_THAT(known.all(), ElementsAre(kItems));
}

TEST(KnownCascades, GoWithTheirChildAndNotWithTheirParent) {
  for (const char* sql : {"DROP TABLE other, items", "CREATE OR REPLACE TABLE items (id INT)", "DROP DATABASE shop"}) {
    KnownCascades known = gone({kItems});
    known.take_statement(statement(sql), at("0-1-4"));
    EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty()) << sql;
  }
  for (const char* sql : {"TRUNCATE items", "DROP TABLE orders", "DROP DATABASE shopping", "ALTER TABLE items FORCE"}) {
    KnownCascades known = gone({kItems});
    known.take_statement(statement(sql), at("0-1-4"));
    EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems)) << sql;
  }
}

TEST(KnownCascades, FollowTheirTablesToOtherNames) {
  KnownCascades known = gone({kItems, kNotes});
  (void)known.take_changed();
  known.take_statement(statement("RENAME TABLE items TO items_old, notes TO items, orders TO etc.orders"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items_old"_table),
              ElementsAre(CascadingKey{{"etc.orders"_table, "shop.items_old"_table}, kItems.name}));
  EXPECT_THAT(known.keys_of("shop.items"_table),
              ElementsAre(CascadingKey{{"etc.orders"_table, "shop.items"_table}, kNotes.name}));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items"_table, "shop.items_old"_table, "shop.notes"_table));
  known.take_statement(statement("ALTER TABLE items RENAME notes"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.notes"_table),
              ElementsAre(CascadingKey{{"etc.orders"_table, "shop.notes"_table}, kNotes.name}));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.notes"_table), IsEmpty());
  EXPECT_THAT(known.doubted(), ElementsAre("shop.items_old"_table, "shop.notes"_table));
}

TEST(KnownCascades, AreExplainedByACheckpointOrAStatementThatNamesTheirTables) {
  KnownCascades known = kept({kNotes});
  EXPECT_TRUE(known.is_explained(kNotes));
  EXPECT_FALSE(known.is_explained(kItems)) << "nobody has asked";
  known.take_answer("shop.items"_table, std::vector{kItems, kItemsToo}, at("0-1-9"));
  EXPECT_FALSE(known.is_explained(kItems));
  EXPECT_THAT(known.all(), ElementsAre(kNotes)) << "the next session is to find it again";
  EXPECT_THAT(known.ties(), ElementsAre(kItemsToo.tie, kItems.tie, kNotes.tie)) << "but they count";
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty()) << "the targets are not to have them yet";
  known.explain(kNotes.tie, {});
  EXPECT_FALSE(known.is_explained(kItems));
  KnownCascades by_tables = known;
  (void)known.take_changed();
  known.explain(kItems.tie, {.name = "Items_Order"});
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items"_table));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems)) << "the other one may come later";
  known.explain(kItems.tie, {.name = "a name that is gone"});
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  known.explain(kItems.tie, {});
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItemsToo, kItems)) << "the server gave it its name";
  for (const char* sql : {"RENAME TABLE orders TO o, o TO orders", "DROP TABLE orders", "TRUNCATE items"}) {
    by_tables.take_statement(statement(sql), at("0-1-4"));
    EXPECT_THAT(by_tables.keys_of("shop.items"_table), IsEmpty()) << sql << ": it makes none";
  }
  KnownCascades again = by_tables;
  const OriginPosition before = at("0-1-8"), behind = at("0-1-9");
  again.explain(kItems.tie, {.name = kItems.name}, &behind);
  EXPECT_THAT(again.keys_of("shop.items"_table), IsEmpty()) << "CREATE TABLE IF NOT EXISTS: it was there already";
  again.explain(kItems.tie, {.name = kItems.name}, &before);
  EXPECT_THAT(again.keys_of("shop.items"_table), ElementsAre(kItems)) << "that may have made it";
  by_tables.doubt_ahead();
  EXPECT_THAT(by_tables.keys_of("shop.items"_table), ElementsAre(kItemsToo, kItems));
  EXPECT_THAT(by_tables.doubted(), ElementsAre("shop.items"_table));
}

CascadingKey items_by(const std::string& column, KeyAction on_delete = KeyAction::kCascade) {
  return {kItems.tie, kItems.name, {column}, {"id"}, on_delete, KeyAction::kNone};
}

TEST(KnownCascades, ChangedWithoutAStatementLeaveADoubt) {
  KnownCascades known = kept({items_by("buyer")});
  known.take_answer("shop.items"_table, std::vector{items_by("buyer", KeyAction::kSetNull)}, at("0-1-9"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.items"_table));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(items_by("buyer", KeyAction::kSetNull)));
}

TEST(KnownCascades, WithOtherColumnsOrActionsAreOthersUnderTheSameName) {
  const CascadingKey before = items_by("buyer"), behind = items_by("buyer", KeyAction::kSetNull);
  KnownCascades known = kept({before});
  known.take_answer("shop.items"_table, std::vector{behind}, at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(before)) << "as it is at the place that is read";
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  binlog::Statement::Reference made{.on_delete = KeyAction::kCascade, .name = "items_order", .columns = {"buyer"}};
  known.explain(kItems.tie, made);
  EXPECT_FALSE(known.has_made(kItems.tie, made, {})) << "it is gone again, and another one has its name";
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  made.on_delete = KeyAction::kSetNull;
  made.columns = {"seller"};
  EXPECT_FALSE(known.has_made(kItems.tie, made, {}));
  made.columns = {"Buyer"};
  EXPECT_TRUE(known.has_made(kItems.tie, made, {}));
  known.explain(kItems.tie, made);
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(behind));
}

TEST(KnownCascades, FollowTheirColumnsToOtherNames) {
  const CascadingKey before = items_by("buyer"), behind = items_by("Payer");
  for (const char* sql :
       {"ALTER TABLE items RENAME COLUMN BUYER TO Payer", "ALTER TABLE items ADD n INT, CHANGE buyer Payer INT"}) {
    KnownCascades known = kept({before});
    known.take_answer("shop.items"_table, std::vector{behind}, at("0-1-9"));
    known.take_statement(statement("ALTER TABLE notes RENAME COLUMN buyer TO payer"), at("0-1-4"));
    known.take_statement(statement("ALTER TABLE items RENAME COLUMN note TO payer"), at("0-1-4"));
    EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(before)) << sql;
    known.take_statement(statement(sql), at("0-1-4"));
    EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(behind)) << sql;
    known.reached(at("0-1-9"));
    EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(behind)) << sql;
    EXPECT_THAT(known.doubted(), IsEmpty()) << sql;
  }
}

TEST(KnownCascades, WhoseColumnsGetOtherNamesUnseenGoOnWhenAllIsRead) {
  const CascadingKey before = items_by("buyer"), behind = items_by("payer");
  KnownCascades known = kept({before});
  known.take_answer("shop.items"_table, std::vector{behind}, at("0-1-9"));
  known.reached(at("0-1-8"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(before));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(behind));
  EXPECT_TRUE(known.is_explained(behind));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.items"_table))
      << "it may as well have been made anew of another column";
}

TEST(KnownCascades, WhoseColumnsGetTheirOldNamesAgainFollowThemMeanwhile) {
  KnownCascades known = kept({items_by("buyer")});
  known.take_answer("shop.items"_table, std::vector{items_by("buyer")}, at("0-1-9"));
  known.take_statement(statement("ALTER TABLE items RENAME COLUMN buyer TO payer"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(items_by("payer")));
  known.take_statement(statement("ALTER TABLE items RENAME COLUMN payer TO buyer"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(items_by("buyer")));
}

TEST(KnownCascades, FollowColumnsThatExchangeTheirNamesAndTheirParents) {
  CascadingKey key = items_by("a");
  key.columns = {"a", "b"};
  key.parent_columns = {"x", "y"};
  KnownCascades known = kept({key});
  known.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-9"));
  known.take_statement(statement("ALTER TABLE items RENAME COLUMN a TO b, RENAME COLUMN b TO a"), at("0-1-4"));
  key.columns = {"b", "a"};
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(key));
  known.take_statement(statement("ALTER TABLE orders CHANGE x z INT"), at("0-1-4"));
  key.parent_columns = {"z", "y"};
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(key));
}

TEST(KnownCascades, AtAStartHaveTheirColumnsWhereAllIsReadThatTheSourceHad) {
  KnownCascades known = kept({});
  known.take_answer("shop.items"_table, std::vector{items_by("payer")}, at("0-1-9"));
  known.begin();
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems)) << "any key of the two tables";
  known.take_answer("shop.items"_table, std::vector{items_by("payer")}, at("0-1-12"));
  known.reached(at("0-1-8"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(items_by("payer")));
}

TEST(KnownCascades, KnownWithoutColumnsGetThemFromTheNextAnswer) {
  KnownCascades known = kept({kItems});
  EXPECT_TRUE(known.is_explained(items_by("buyer")));
  known.take_answer("shop.items"_table, std::vector{items_by("buyer")}, at("0-1-9"));
  EXPECT_THAT(known.all(), ElementsAre(kItems)) << "it may be of another column until then";
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.all(), ElementsAre(items_by("buyer")));
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-9"));
  EXPECT_THAT(known.all(), ElementsAre(items_by("buyer"))) << "its table could not be looked at";
  EXPECT_THAT(known.children_beyond({kItems}), IsEmpty());
  known.take_answer("shop.items"_table, std::vector{items_by("payer")}, at("0-1-9"));
  EXPECT_FALSE(known.is_explained(items_by("payer")));
  EXPECT_TRUE(known.is_at_source(items_by("payer")));
  EXPECT_FALSE(known.is_at_source(items_by("buyer")));
  known.take_unexplained(kItems);
  EXPECT_TRUE(known.is_explained(items_by("payer")));
}

TEST(KnownCascades, OneThatNothingExplainsIsTakenOnce) {
  KnownCascades known = kept({});
  known.take_unexplained(kItems);
  EXPECT_TRUE(known.is_explained(kItems));
  EXPECT_THAT(known.all(), ElementsAre(kItems));
}

TEST(KnownCascades, ThatEndAtNoStatementLeaveADoubt) {
  KnownCascades known = gone({kItems, kNotes});
  known.take_statement(statement("ALTER TABLE items DROP FOREIGN KEY items_order"), at("0-1-4"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.notes"_table)) << "the other one's end is known";
  known.reached(at("0-1-30"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.notes"_table)) << "until somebody is told";
  EXPECT_THAT(kept(known.all()).doubted(), ElementsAre("shop.notes"_table)) << "over restarts too";
  EXPECT_THAT(kept(known.all()).keys_of("shop.notes"_table), IsEmpty());
  known.settle("shop.notes"_table);
  EXPECT_THAT(known.doubted(), IsEmpty());
  EXPECT_THAT(known.all(), IsEmpty());
}

TEST(KnownCascades, OfATableThatIsThereNoLongerLeaveNoDoubt) {
  KnownCascades known = kept({kItems, kNotes});
  known.take_answer("shop.items"_table, std::nullopt, at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(kItems));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
  EXPECT_THAT(known.doubted(), IsEmpty());
}

TEST(KnownCascades, OfAStatementAreThoseThatTheSourceHasOrHad) {
  KnownCascades known = gone({kItems});
  EXPECT_TRUE(known.has_made(kItems.tie, {}, {}));
  EXPECT_TRUE(known.has_made(kItems.tie, {.name = "Items_Order"}, {"other"}));
  EXPECT_FALSE(known.has_made(kItems.tie, {.name = "items_first_order"}, {})) << "another key of the same tables";
  EXPECT_FALSE(known.has_made(kItems.tie, {}, {"Items_Order"})) << "the statement takes it away and makes another one";
  EXPECT_FALSE(known.has_made(kNotes.tie, {}, {}));
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-12"));
  EXPECT_TRUE(known.has_made(kItems.tie, {}, {"items_order"})) << "the source has it, so it was made again";
}

TEST(KnownCascades, ADoubtOfATableThatIsNotThereWaitsForItsName) {
  KnownCascades known = kept({});
  known.doubt(kItems.tie, at("0-1-9"), false);
  EXPECT_THAT(known.doubted(), IsEmpty());
  KnownCascades dropped = known;
  dropped.take_statement(statement("DROP TABLE items"), at("0-1-4"));
  EXPECT_THAT(dropped.all(), IsEmpty());
  KnownCascades over = known;
  over.reached(at("0-1-9"));
  EXPECT_THAT(over.all(), IsEmpty()) << "nobody has it";
  KnownCascades known_there = known;
  known_there.take_answer(
      "shop.things"_table,
      std::vector{CascadingKey{.tie = {.parent = "shop.orders"_table, .child = "shop.things"_table}, .name = "k"}},
      at("0-1-9"));
  known_there.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  EXPECT_THAT(known_there.doubted(), IsEmpty()) << "the key went with it";
  known.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.things"_table));
}

TEST(KnownCascades, OneOfTwoOfTheSameTablesLeavesADoubt) {
  KnownCascades known = kept({kItems, kItemsToo});
  known.take_answer("shop.items"_table, std::vector{kItems}, at("0-1-9"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.items"_table));
}

TEST(KnownCascades, ADropByTheNewNameOfItsTableIsSeen) {
  KnownCascades known = kept({{.tie = kItems.tie, .name = "items_ibfk_1"}});
  known.take_answer("shop.items"_table, std::nullopt, at("0-1-9"));
  known.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  known.take_statement(statement("ALTER TABLE things DROP FOREIGN KEY things_ibfk_1"), at("0-1-4"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.doubted(), IsEmpty());
}

TEST(KnownCascades, ThatAreNotAmongTheSourcesAreAskedFor) {
  KnownCascades known = kept({kItems, kNotes});
  EXPECT_THAT(known.children_beyond({kItems, kItemsToo, kNotes}), IsEmpty());
  EXPECT_THAT(known.children_beyond({kItemsToo, kNotes}), ElementsAre("shop.items"_table));
  known.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-9"));
  EXPECT_THAT(known.children_beyond({kNotes}), ElementsAre("shop.items"_table)) << "it counts until all is read";
}

TEST(KnownCascades, ThatTheServerNamesAnewWithTheirTableLeaveNoDoubt) {
  KnownCascades known = kept({{.tie = kItems.tie, .name = "items_ibfk_1"}});
  known.take_answer("shop.items"_table, std::vector<CascadingKey>(), at("0-1-9"));
  known.take_answer("shop.things"_table,
                    std::vector{CascadingKey{.tie = {.parent = "shop.orders"_table, .child = "shop.things"_table},
                                             .name = "things_ibfk_1"}},
                    at("0-1-9"));
  known.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  known.reached(at("0-1-9"));
  EXPECT_THAT(known.doubted(), IsEmpty());
  EXPECT_EQ(known.keys_of("shop.things"_table).size(), 1U);
}

TEST(KnownCascades, ADoubtGoesWhereItsTableGoes) {
  KnownCascades known = kept({});
  known.doubt(kItems.tie, at("0-1-9"), true);
  known.take_statement(statement("RENAME TABLE items TO things"), at("0-1-4"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.things"_table));

  known.doubt({.parent = "shop.orders"_table, .child = "aside.items"_table}, at("0-1-9"), true);
  EXPECT_THAT(known.doubted(), ElementsAre("shop.things"_table)) << "the other one is in no stream";
  known.reached(at("0-1-8"));
  KnownCascades moved = known;
  moved.take_statement(statement("RENAME TABLE aside.items TO shop.items"), at("0-1-4"));
  EXPECT_THAT(moved.doubted(), ElementsAre("shop.items"_table, "shop.things"_table));
  known.reached(at("0-1-9"));
  known.take_statement(statement("RENAME TABLE aside.items TO shop.items"), at("0-1-4"));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.things"_table)) << "the source has answered for all that was read";
}

TEST(KnownCascades, ThatAreGoneWithTheirParentFromTheStreamsLeaveADoubt) {
  KnownCascades known = gone({kItems});
  known.take_statement(statement("RENAME TABLE orders TO aside.orders"), at("0-1-4"));
  EXPECT_THAT(known.take_changed(), ElementsAre("shop.items"_table));
  EXPECT_THAT(known.doubted(), ElementsAre("shop.items"_table));
  EXPECT_THAT(known.keys_of("shop.items"_table), IsEmpty());
}

TEST(KnownCascades, OfTablesThatAreNotCapturedCountWhenTheyGetACapturedName) {
  KnownCascades known = kept({});
  known.take_answer(
      "aside.items"_table,
      std::vector{CascadingKey{.tie = {.parent = "shop.orders"_table, .child = "aside.items"_table}, .name = "k"}},
      at("0-1-5"));
  known.explain({.parent = "shop.orders"_table, .child = "aside.items"_table}, {});
  known.take_answer("aside.items"_table, std::vector<CascadingKey>(), at("0-1-9"));
  EXPECT_THAT(known.keys_of("aside.items"_table), IsEmpty());
  known.take_statement(statement("RENAME TABLE aside.items TO shop.items"), at("0-1-4"));
  EXPECT_THAT(known.keys_of("shop.items"_table), ElementsAre(CascadingKey{kItems.tie, "k"}));
}

TEST(KnownCascades, AreFoundByTheirName) {
  KnownCascades known = kept({kItems});
  EXPECT_TRUE(known.has("shop.items"_table, "ITEMS_order"));
  EXPECT_FALSE(known.has("shop.items"_table, "other"));
  EXPECT_FALSE(known.has("shop.notes"_table, "items_order"));
}

}  // namespace
}  // namespace farshore::capture
