#include "apply/target_table.hpp"

#include <gmock/gmock.h>

#include "targets.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::HasSubstr;

constexpr std::uint32_t kGeneralCi = 45;  // utf8mb4_general_ci
constexpr std::uint32_t kUtf8mb4Bin = 46;
constexpr std::uint32_t kBinary = 63;

/// A table with one VARCHAR key column, on both sides.
TableShape named_shape(std::uint32_t collation, std::string charset = "utf8mb4") {
  return {"shop",
          "names",
          {column("name", ColumnType::kVarchar, std::move(charset), collation, 80), column("n", ColumnType::kInt)},
          {0}};
}
mysql::TableSchema named_target(std::string collation, std::string charset = "utf8mb4", std::string type = "varchar") {
  mysql::TableSchema table = notes_target("names");
  table.columns = {target_column("name", std::move(type), std::move(charset), std::move(collation)),
                   target_column("n", "int")};
  table.primary_key = {"name"};
  return table;
}

std::string key_of(const TargetTable& table, const std::vector<Value>& row) {
  std::string key;
  table.append_key(row, key);
  return key;
}

// --- which way its changes are written

TEST(WritePaths, ANumberAsKeyIsCoalesced) {
  EXPECT_EQ(bind(notes_shape("notes"), notes_target()).path(), WritePath::kCoalesced);
}

TEST(WritePaths, KeysThatMayBeEqualThoughTheirBytesDifferKeepTheirOrder) {
  EXPECT_EQ(bind(named_shape(kGeneralCi), named_target("utf8mb4_general_ci")).path(), WritePath::kOrdered);
  EXPECT_EQ(bind(named_shape(kGeneralCi), named_target("utf8mb4_bin")).path(), WritePath::kOrdered)
      << "equal at the source";
}

TEST(Binding, KeysThatTheTargetWouldHoldEqualAndTheSourceNotAreNotTaken) {
  const auto bound = try_bind(named_shape(kUtf8mb4Bin), named_target("utf8mb4_general_ci"));
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error(),
              HasSubstr("its key column name has the collation utf8mb4_general_ci here and utf8mb4_bin at the source"));
  EXPECT_FALSE(
      try_bind(named_shape(255), named_target("utf8mb4_general_ci"), change::MergeRule::kOverwrite, ServerKind::kMysql))
      << "MySQL's default into MariaDB's: 'a' and 'a ' would be one";
}

TEST(Binding, ToCompareTakesTheColumnsThatBothHave) {
  const auto to_compare = [](const mysql::TableSchema& target) {
    return TargetTable::bind(source_of(notes_shape("notes")), ServerKind::kMariadb, {.table = target},
                             change::MergeRule::kOverwrite, {}, BoundFor::kComparing);
  };
  mysql::TableSchema target = notes_target();
  target.columns.back() = target_column("extra", "int");
  target.columns.back().has_default = false;
  target.columns.back().nullable = false;
  ASSERT_FALSE(try_bind(notes_shape("notes"), target));
  const auto bound = to_compare(target);
  ASSERT_TRUE(bound) << bound.error();
  std::string sql;
  const std::vector<Value> row{Value::of_int(1), Value::of_bytes("a")};
  ASSERT_TRUE(bound->append_compare(row, TargetTable::Written::kByAnybody, sql));
  EXPECT_EQ(sql, "SELECT 1 AND `id`<=>1 FROM `shop`.`notes` WHERE `id`=1");
  target.primary_key = {"extra"};
  EXPECT_FALSE(to_compare(target));
}

TEST(WritePaths, BytewiseTextIsCoalescedWhereBothSidesPadAlike) {
  EXPECT_EQ(bind(named_shape(kUtf8mb4Bin), named_target("utf8mb4_bin")).path(), WritePath::kCoalesced);
  EXPECT_EQ(bind(named_shape(kUtf8mb4Bin), named_target("utf8mb4_nopad_bin")).path(), WritePath::kOrdered);
  EXPECT_EQ(bind(named_shape(kUtf8mb4Bin), named_target("utf8mb4_0900_bin")).path(), WritePath::kOrdered);
  EXPECT_EQ(bind(named_shape(kBinary, "binary"), named_target("", "", "varbinary")).path(), WritePath::kCoalesced);
}

TEST(WritePaths, FloatingKeysAreNeverCoalesced) {
  TableShape shape = notes_shape("notes");
  shape.columns[0].type = ColumnType::kDouble;
  mysql::TableSchema target = notes_target();
  target.columns[0].data_type = "double";
  EXPECT_EQ(bind(shape, target).path(), WritePath::kOrdered);
}

TEST(WritePaths, AKeyOverAPrefixIsCareful) {
  mysql::TableSchema target = named_target("utf8mb4_bin");
  target.primary_key_has_prefix = true;
  EXPECT_EQ(bind(named_shape(kUtf8mb4Bin), target).path(), WritePath::kCareful) << "two keys may share a beginning";
}

TEST(WritePaths, AnUpsertThatFindsAnotherRowThroughAFurtherUniqueKeyFails) {
  mysql::TableSchema target = notes_target();
  target.unique_keys = {{"note", {"note"}, false}};
  EXPECT_EQ(bind(notes_shape("notes"), target).upsert_tail(),
            " ON DUPLICATE KEY UPDATE `id`=IF(`id`<=>VALUES(`id`),VALUES(`id`),(SELECT 1 UNION SELECT "
            "2)),`note`=VALUES(`note`)");
}

/// A table whose key is a moment.
TableShape moments(ColumnType type) {
  TableShape shape = notes_shape("notes");
  shape.columns[0] = column("id", type);
  return shape;
}
mysql::TableSchema moments_target(std::string type) {
  mysql::TableSchema target = notes_target();
  target.columns[0] = target_column("id", std::move(type));
  return target;
}

// NULL is the present time in a TIMESTAMP that may not be NULL: the other row would get a key of its own.
TEST(WritePaths, AnUpsertThatFindsAnotherRowFailsWhereNullIsTheTime) {
  mysql::TableSchema target = moments_target("timestamp");
  target.unique_keys = {{"note", {"note"}, false}};
  EXPECT_EQ(bind(moments(ColumnType::kTimestamp), target).upsert_tail(),
            " ON DUPLICATE KEY UPDATE `id`=IF(`id`<=>VALUES(`id`),VALUES(`id`),(SELECT 1 UNION SELECT "
            "2)),`note`=VALUES(`note`)");
}

TEST(WritePaths, AMomentInTheKeyIsAssignedSinceItMayHaveOnUpdate) {
  for (const auto& [type, name] :
       {std::pair(ColumnType::kTimestamp, "timestamp"), {ColumnType::kDatetime, "datetime"}}) {
    EXPECT_EQ(bind(moments(type), moments_target(name)).upsert_tail(),
              " ON DUPLICATE KEY UPDATE `id`=VALUES(`id`),`note`=VALUES(`note`)");
  }
}

TEST(WritePaths, AFurtherUniqueKeyIsCareful) {
  mysql::TableSchema target = notes_target();
  target.unique_keys = {{"note", {"note"}, false}};
  EXPECT_EQ(bind(notes_shape("notes"), target).path(), WritePath::kCareful);
  target.unique_keys = {{"expression", {""}, false}};
  EXPECT_EQ(bind(notes_shape("notes"), target).path(), WritePath::kCareful);
}

TEST(WritePaths, AUniqueKeyThatHoldsTheWholePrimaryKeyCannotClash) {
  mysql::TableSchema target = notes_target();
  target.unique_keys = {{"both", {"note", "ID"}, false}};
  EXPECT_EQ(bind(notes_shape("notes"), target).path(), WritePath::kCoalesced);
  target.unique_keys = {{"both", {"note", "id"}, true}};
  EXPECT_EQ(bind(notes_shape("notes"), target).path(), WritePath::kCareful) << "two keys may share a beginning";
}

TEST(WritePaths, AreOfTheKeysWhateverTheMergeRule) {
  mysql::TableSchema target = notes_target();
  EXPECT_EQ(bind(notes_shape("notes"), target, change::MergeRule::kImmutable).path(), WritePath::kCoalesced);
  target.unique_keys = {{"note", {"note"}, false}};
  const TargetTable immutable = bind(notes_shape("notes"), target, change::MergeRule::kImmutable);
  EXPECT_EQ(immutable.path(), WritePath::kCareful);
  EXPECT_FALSE(immutable.is_free_but_for_values()) << "no two of its changes become one";
  EXPECT_TRUE(bind(notes_shape("notes"), target).is_free_but_for_values());
}

// --- what does not fit

void expect_unfit(const std::expected<TargetTable, std::string>& bound, const std::string& reason) {
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error(), HasSubstr(reason));
}

TEST(Binding, FindsColumnsByNameWhateverTheirOrderAndCase) {
  mysql::TableSchema target = notes_target();
  std::swap(target.columns[0], target.columns[1]);
  target.columns[0].name = "NOTE";
  EXPECT_EQ(bind(notes_shape("notes"), target).insert_head(), "INSERT INTO `shop`.`notes` (`id`,`NOTE`) VALUES ");
}

TEST(Binding, AColumnThatIsMissingIsNamed) {
  mysql::TableSchema target = notes_target();
  target.columns.pop_back();
  expect_unfit(try_bind(notes_shape("notes"), target),
               "table shop.notes: it has no column note here, and the source's rows have it: add it");
}

TEST(Binding, ASetIsTakenWhereItsLabelsCanBeCompared) {
  const auto bound = [](std::vector<std::string> labels, std::string charset, std::string type) {
    TableShape shape = notes_shape("notes");
    shape.columns[0] = column("id", ColumnType::kSet, std::move(charset), 8);
    shape.columns[0].labels = std::move(labels);
    mysql::TableSchema target = notes_target();
    target.columns[0] = target_column("id", "set", "latin1", "latin1_swedish_ci");
    target.columns[0].column_type = std::move(type);
    return try_bind(shape, target, change::MergeRule::kOverwrite, ServerKind::kMysql);
  };
  EXPECT_TRUE(bound({"a", "b"}, "latin1", "set('b','a')"));
  EXPECT_TRUE(bound({"a", "\xE9"}, "latin1", "set('a','é')"));
  EXPECT_TRUE(bound({"\xE8", "\xE9"}, "latin1", "set('é','è')"));
  expect_unfit(bound({"a", "\x81"}, "latin1", "set('é','a')"), "column id has labels in the character set latin1");
}

TEST(Binding, AColumnThatTheSourceLacksNeedsADefault) {
  mysql::TableSchema target = notes_target();
  target.columns.push_back(target_column("extra", "int"));
  EXPECT_TRUE(try_bind(notes_shape("notes"), target));
  target.columns.back().has_default = false;
  expect_unfit(try_bind(notes_shape("notes"), target), "the column extra here, without a default");
}

TEST(Binding, AnotherPrimaryKeyIsNamed) {
  mysql::TableSchema target = notes_target();
  target.primary_key = {"id", "note"};
  expect_unfit(try_bind(notes_shape("notes"), target), "has the primary key (id, note) here and (id) at the source");
  target.primary_key = {};
  expect_unfit(try_bind(notes_shape("notes"), target), "has the primary key () here");
}

TEST(Binding, TheKeysOrderMayDiffer) {
  TableShape shape = notes_shape("notes");
  shape.key = {0, 1};
  mysql::TableSchema target = notes_target();
  target.primary_key = {"note", "id"};
  EXPECT_TRUE(try_bind(shape, target));
}

TEST(Binding, OnlyTransactionalTablesAreWritten) {
  mysql::TableSchema target = notes_target();
  target.engine = "MyISAM";
  expect_unfit(try_bind(notes_shape("notes"), target), "engine MyISAM");
  target.engine = "innodb";
  EXPECT_TRUE(try_bind(notes_shape("notes"), target));
}

TEST(Binding, GeneratedColumnsAreLeftOut) {
  TableShape shape = notes_shape("notes");
  shape.columns.push_back(column("sum", ColumnType::kInt));
  mysql::TableSchema target = notes_target();
  target.columns.push_back(target_column("sum", "int"));
  target.columns.back().generated = true;
  target.columns.back().has_default = false;
  const TargetTable table = bind(shape, target);
  std::string row;
  ASSERT_TRUE(table.append_row(std::vector<Value>{Value::of_int(1), Value::of_bytes("a"), Value::of_int(9)}, row));
  EXPECT_EQ(row, "(1,'a')");
}

TEST(Binding, AGeneratedColumnInTheKeyDoesNotFit) {
  mysql::TableSchema target = notes_target();
  target.columns[0].generated = true;
  expect_unfit(try_bind(notes_shape("notes"), target), "a generated column in its key: id");
}

TEST(Binding, ANumberAsKeyDoesNotFitIntoText) {
  mysql::TableSchema target = notes_target();
  target.columns[0] = target_column("id", "varchar", "utf8mb4", "utf8mb4_bin");
  expect_unfit(try_bind(notes_shape("notes"), target), "its key column id as text here, and as a number at the source");
}

TEST(Binding, AColumnThatWouldLoseSomethingInSilenceDoesNotFit) {
  mysql::TableSchema target = notes_target();
  target.columns[0].data_type = "float";
  expect_unfit(try_bind(notes_shape("notes"), target), "table shop.notes: column id is");
}

// --- keys

TEST(KeyBytes, AreEqualOnlyForEqualKeys) {
  const TargetTable table = bind(notes_shape("notes"), notes_target());
  const std::string one = key_of(table, {Value::of_int(1), Value::of_bytes("a")});
  EXPECT_EQ(one, key_of(table, {Value::of_int(1), Value::of_bytes("other")}));
  EXPECT_NE(one, key_of(table, {Value::of_int(2), Value::of_bytes("a")}));
}

TEST(KeyBytes, OfPaddedTextLeaveTheTrailingSpacesOut) {
  const TargetTable padded = bind(named_shape(kUtf8mb4Bin), named_target("utf8mb4_bin"));
  EXPECT_EQ(key_of(padded, {Value::of_bytes("a"), Value::of_int(1)}),
            key_of(padded, {Value::of_bytes("a  "), Value::of_int(1)}));
  EXPECT_NE(key_of(padded, {Value::of_bytes("a"), Value::of_int(1)}),
            key_of(padded, {Value::of_bytes("A"), Value::of_int(1)}));
  const TargetTable binary = bind(named_shape(kBinary, "binary"), named_target("", "", "varbinary"));
  EXPECT_NE(key_of(binary, {Value::of_bytes("a"), Value::of_int(1)}),
            key_of(binary, {Value::of_bytes("a "), Value::of_int(1)}));
}

TEST(KeyBytes, OfSeveralColumnsDoNotRunIntoOneAnother) {
  TableShape shape = named_shape(kUtf8mb4Bin);
  shape.columns[1] = column("n", ColumnType::kVarchar, "utf8mb4", kUtf8mb4Bin, 80);
  shape.key = {0, 1};
  mysql::TableSchema target = named_target("utf8mb4_bin");
  target.columns[1] = target_column("n", "varchar", "utf8mb4", "utf8mb4_bin");
  target.primary_key = {"name", "n"};
  const TargetTable table = bind(shape, target);
  EXPECT_NE(key_of(table, {Value::of_bytes("ab"), Value::of_bytes("c")}),
            key_of(table, {Value::of_bytes("a"), Value::of_bytes("bc")}));
}

TEST(KeyBytes, AnUpdateKeepsItsKeyUnlessAKeyColumnDiffers) {
  const TargetTable table = bind(notes_shape("notes"), notes_target());
  change::ChangeView update;
  update.op = change::Op::kUpdate;
  const std::vector<std::uint32_t> note{1};
  update.before_columns = note;
  EXPECT_TRUE(table.keeps_key(update));
  const std::vector<std::uint32_t> both{0, 1};
  update.before_columns = both;
  EXPECT_FALSE(table.keeps_key(update));
  update.op = change::Op::kDelete;
  EXPECT_TRUE(table.keeps_key(update));
}

// --- the statements, word for word

class Statements : public ::testing::Test {
 protected:
  template <typename Append>
  static std::string text(Append append) {
    std::string out;
    EXPECT_TRUE(append(out));
    return out;
  }
  const TargetTable notes_ = bind(notes_shape("notes"), notes_target());
  const TargetTable names_ = bind(named_shape(kGeneralCi), named_target("utf8mb4_general_ci"));
  const std::vector<Value> note_{Value::of_int(7), Value::of_bytes("it's")};
  const std::vector<Value> name_{Value::of_bytes("ABC"), Value::of_int(5)};
};

TEST_F(Statements, AnUpsertAssignsTheKeyToo) {
  EXPECT_EQ(notes_.insert_head(), "INSERT INTO `shop`.`notes` (`id`,`note`) VALUES ");
  EXPECT_EQ(text([&](std::string& out) { return notes_.append_row(note_, out); }), "(7,'it\\'s')");
  EXPECT_EQ(notes_.upsert_tail(), " ON DUPLICATE KEY UPDATE `note`=VALUES(`note`)");
}

TEST_F(Statements, ADeleteByASimpleKeyIsAList) {
  EXPECT_EQ(notes_.delete_head(), "DELETE `shop`.`notes` FROM `shop`.`notes` FORCE INDEX (PRIMARY) WHERE `id` IN (");
  EXPECT_EQ(text([&](std::string& out) { return notes_.append_delete_key(note_, out); }), "7");
  EXPECT_EQ(notes_.delete_separator(), ",");
  EXPECT_EQ(notes_.delete_tail(), ")");
}

TEST_F(Statements, ADeleteDoesNotMeanAKeyThatOnlyTheCollationHoldsEqual) {
  EXPECT_EQ(names_.delete_head(), "DELETE `shop`.`names` FROM `shop`.`names` FORCE INDEX (PRIMARY) WHERE ");
  EXPECT_EQ(text([&](std::string& out) { return names_.append_delete_key(name_, out); }),
            "(`name`='ABC' AND CAST(`name` AS BINARY)<=>CAST(CONVERT('ABC' USING utf8mb4) AS BINARY))");
  EXPECT_EQ(names_.delete_separator(), " OR ");
  EXPECT_EQ(names_.delete_tail(), "");
  EXPECT_EQ(text([&](std::string& out) { return names_.append_delete_one(name_, out); }),
            "DELETE FROM `shop`.`names` WHERE `name`='ABC' AND CAST(`name` AS BINARY)<=>CAST(CONVERT('ABC' USING "
            "utf8mb4) AS BINARY)");
}

TEST_F(Statements, AKeyOfSeveralColumnsIsDeletedByAllOfThem) {
  TableShape shape = notes_shape("notes");
  shape.columns.push_back(column("line", ColumnType::kInt));
  shape.key = {0, 2};
  mysql::TableSchema target = notes_target();
  target.columns.push_back(target_column("line", "int"));
  target.primary_key = {"id", "line"};
  const TargetTable lines = bind(shape, target);
  EXPECT_EQ(text([&](std::string& out) {
              return lines.append_delete_key(
                  std::vector<Value>{Value::of_int(7), Value::of_bytes("a"), Value::of_int(2)}, out);
            }),
            "(`id`=7 AND `line`=2)");
  EXPECT_EQ(lines.delete_separator(), " OR ");
}

TEST_F(Statements, AnUpdateAssignsEveryColumnAtTheOldKey) {
  const std::vector<Value> before{Value::of_int(6), Value::of_bytes("x")};
  EXPECT_EQ(text([&](std::string& out) { return notes_.append_update(note_, before, out); }),
            "UPDATE `shop`.`notes` SET `id`=7,`note`='it\\'s' WHERE `id`=6");
}

TEST_F(Statements, ACompareIsExactInEveryColumn) {
  EXPECT_EQ(text([&](std::string& out) { return notes_.append_compare(note_, TargetTable::Written::kByApply, out); }),
            "SELECT 1 AND `id`<=>7 AND CAST(`note` AS BINARY)<=>CAST(CONVERT('it\\'s' USING utf8mb4) AS BINARY) FROM "
            "`shop`.`notes` WHERE `id`=7");
}

TEST_F(Statements, JsonIsComparedAsJson) {
  TableShape shape = notes_shape("notes");
  shape.columns[1] = column("note", ColumnType::kJson);
  mysql::TableSchema target = notes_target();
  target.columns[1] = target_column("note", "json");
  const TargetTable table = bind(shape, target);
  EXPECT_EQ(text([&](std::string& out) {
              return table.append_compare(std::vector<Value>{Value::of_int(7), Value::of_text("{}")},
                                          TargetTable::Written::kByApply, out);
            }),
            "SELECT 1 AND `id`<=>7 AND `note`<=>CAST('{}' AS JSON) FROM `shop`.`notes` WHERE `id`=7");
}

TEST_F(Statements, AnImageIsAskedAsJsonAndBytesAsDigits) {
  EXPECT_EQ(text([&](std::string& out) { return notes_.append_image(note_, out); }),
            "SELECT JSON_OBJECT('id',`id`,'note',`note`) FROM `shop`.`notes` WHERE `id`=7");
  const TargetTable binary = bind(named_shape(kBinary, "binary"), named_target("", "", "varbinary"));
  EXPECT_EQ(text([&](std::string& out) { return binary.append_image(name_, out); }),
            "SELECT JSON_OBJECT('name',HEX(`name`),'n',`n`) FROM `shop`.`names` WHERE `name`=_binary'ABC'");
}

TEST_F(Statements, TheTargetsOwnColumnsAreAskedAsLiteralsAndAssignedAgain) {
  mysql::TableSchema target = notes_target();
  target.columns.push_back(target_column("own", "varchar", "latin1", "latin1_bin"));
  target.columns.push_back(target_column("raw", "varbinary"));
  target.columns.push_back(target_column("at", "datetime"));
  const TargetTable table = bind(notes_shape("notes"), target);
  EXPECT_FALSE(notes_.has_own_columns());
  ASSERT_TRUE(table.has_own_columns());
  EXPECT_EQ(text([&](std::string& out) { return table.append_own_assignments(note_, out); }),
            "SELECT CONCAT('`own`=',IF(`own` IS NULL,'NULL',CONCAT('_latin1 x''',HEX(`own`),'''')),"
            "',`raw`=',IF(`raw` IS NULL,'NULL',CONCAT('x''',HEX(`raw`),'''')),',`at`=',QUOTE(`at`)) FROM "
            "`shop`.`notes` WHERE `id`=7");
  EXPECT_EQ(text([&](std::string& out) { return table.append_own_update("`own`=_latin1 x'41'", note_, out); }),
            "UPDATE `shop`.`notes` SET `own`=_latin1 x'41' WHERE `id`=7");
}

TEST_F(Statements, AnUpdateOfOwnColumnsLeavesTheTimesOfTheSourcesAsTheyAre) {
  mysql::TableSchema target = notes_target();
  target.columns[1].updates_itself = true;
  target.columns.push_back(target_column("own", "varchar", "latin1", "latin1_bin"));
  const TargetTable table = bind(notes_shape("notes"), target);
  EXPECT_EQ(text([&](std::string& out) { return table.append_own_update("`own`=_latin1 x'41'", note_, out); }),
            "UPDATE `shop`.`notes` SET `own`=_latin1 x'41',`note`=`note` WHERE `id`=7");
}

TEST_F(Statements, ATextIsNotComparedInACharacterSetThatTheSourceDoesNotHave) {
  mysql::TableSchema target = notes_target();
  target.columns[1].charset = "latin1";
  const TargetTable table = bind(notes_shape("notes"), target);
  EXPECT_THAT(
      text([&](std::string& out) { return table.append_compare(note_, TargetTable::Written::kByAnybody, out); }),
      HasSubstr("CAST(CONVERT(`note` USING utf8mb4) AS BINARY)<=>CAST(CONVERT('it\\'s' USING utf8mb4) AS BINARY)"));
}

TEST_F(Statements, AnOwnColumnThatAnUpdateWouldChangeByItselfStays) {
  mysql::TableSchema target = notes_target();
  target.columns.push_back(target_column("at", "datetime"));
  target.columns.back().updates_itself = true;
  const TargetTable table = bind(notes_shape("notes"), target);
  EXPECT_TRUE(table.upsert_tail().ends_with(",`at`=`at`")) << table.upsert_tail();
  EXPECT_EQ(text([&](std::string& out) { return table.append_update(note_, note_, out); }),
            text([&](std::string& out) { return notes_.append_update(note_, note_, out); })
                .replace(text([&](std::string& out) { return notes_.append_update(note_, note_, out); }).find(" WHERE"),
                         0, ",`at`=`at`"));
}

TEST_F(Statements, AValueThatDoesNotBelongToItsColumnMakesNone) {
  const std::vector<Value> wrong{Value::of_int(7), Value::of_int(7)};
  std::string out;
  EXPECT_FALSE(notes_.append_row(wrong, out));
  EXPECT_FALSE(notes_.append_update(wrong, note_, out));
  EXPECT_FALSE(notes_.append_compare(wrong, TargetTable::Written::kByApply, out));
  const std::vector<Value> wrong_key{Value::of_bytes("7"), Value::of_bytes("a")};
  EXPECT_FALSE(notes_.append_delete_key(wrong_key, out));
  EXPECT_FALSE(notes_.append_delete_one(wrong_key, out));
}

TEST_F(Statements, NamesOfTheTargetCannotLeaveTheirQuotes) {
  TableShape shape = notes_shape("no`tes");
  shape.columns[1].name = "a`b";
  mysql::TableSchema target = notes_target("no`tes");
  target.columns[1].name = "a`b";
  EXPECT_EQ(bind(shape, target).insert_head(), "INSERT INTO `shop`.`no``tes` (`id`,`a``b`) VALUES ");
}

}  // namespace
}  // namespace farshore::apply
