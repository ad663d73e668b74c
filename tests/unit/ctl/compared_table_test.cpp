#include "services/ctl/compared_table.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "services/ctl/compared_column.hpp"
#include "services/ctl/watched_comparison.hpp"

namespace farshore::ctl {
namespace {

using mysql::ColumnSchema;
using mysql::TableSchema;

ColumnSchema typed(const std::string& name, const std::string& type, const std::string& charset = {}) {
  ColumnSchema out;
  out.name = name;
  out.data_type = type.substr(0, type.find('('));
  out.column_type = type;
  out.charset = charset;
  return out;
}

TableSchema keyed(std::vector<ColumnSchema> columns, std::vector<std::string> key) {
  TableSchema out;
  out.schema = "shop";
  out.name = "t";
  out.columns = std::move(columns);
  out.primary_key = std::move(key);
  return out;
}

std::string form_of(const ColumnSchema& here, const ColumnSchema& peer, std::string cell) {
  const auto compared = ComparedColumn::make(here, peer);
  if (!compared) return "no form: " + compared.error();
  compared->bring_into_form(cell);
  return cell;
}

TEST(AComparedColumn, HasOneFormForNumbersOfOneValue) {
  const auto decimal = typed("n", "decimal(10,4)");
  EXPECT_EQ(form_of(decimal, decimal, "1.5000"), "1.5");
  EXPECT_EQ(form_of(decimal, decimal, "-0.0000"), "0");
  EXPECT_EQ(form_of(decimal, decimal, "0.0500"), "0.05");
  EXPECT_EQ(form_of(decimal, decimal, "-100.0000"), "-100");
  EXPECT_EQ(form_of(typed("n", "int"), decimal, "0"), "0");
  EXPECT_EQ(form_of(typed("n", "int(5) unsigned zerofill"), typed("n", "int"), "00120"), "120");
  EXPECT_EQ(form_of(typed("n", "year"), typed("n", "year"), "0000"), "0");
}

TEST(AComparedColumn, ComparesDoublesByTheirBits) {
  const auto real = typed("n", "double");
  EXPECT_EQ(form_of(real, real, "0.1"), form_of(real, real, "1e-1"));
  EXPECT_EQ(form_of(real, real, "-0"), form_of(real, real, "0"));
  EXPECT_NE(form_of(real, real, "0.1"), form_of(real, real, "0.10000000000000002"));
}

TEST(AComparedColumn, DropsTheZerosOfAFractionOfASecond) {
  EXPECT_EQ(form_of(typed("t", "datetime(6)"), typed("t", "timestamp"), "2026-01-02 03:04:00.500000"),
            "2026-01-02 03:04:00.5");
  EXPECT_EQ(form_of(typed("t", "time(3)"), typed("t", "time"), "10:00:00.000"), "10:00:00");
}

TEST(AComparedColumn, KeepsTextsAndBytesAsTheyAre) {
  const auto text = typed("s", "varchar(10)", "utf8mb4");
  EXPECT_EQ(form_of(text, text, "1.50 "), "1.50 ");
  const auto bytes = typed("b", "varbinary(10)");
  EXPECT_EQ(form_of(bytes, bytes, std::string("a\0", 2)), std::string("a\0", 2));
  EXPECT_EQ(form_of(bytes, typed("b", "binary(10)"), std::string("a\0\0", 3)), "a");
}

TEST(AComparedColumn, ComparesLabelsByTheirPlaceOnlyWhereTheyAreTheSame) {
  const auto same = ComparedColumn::make(typed("e", "enum('a','b')", "latin1"), typed("e", "enum('a','b')", "utf8mb4"));
  EXPECT_EQ(same->expression(Place::kHere), "`e`|0");
  const auto other =
      ComparedColumn::make(typed("e", "enum('a','b')", "latin1"), typed("e", "enum('b','a')", "utf8mb4"));
  EXPECT_EQ(other->expression(Place::kHere), "CONVERT(`e` USING utf8mb4)");
}

TEST(AComparedColumn, ComparesBytesWhereACharacterSetDoesNotGoThroughUtf8) {
  const auto text = typed("s", "varchar(10)", "cp1250");
  EXPECT_EQ(ComparedColumn::make(text, text)->expression(Place::kHere),
            "IF(SHA2(CONVERT(CONVERT(`s` USING utf8mb4) USING cp1250),256)=SHA2(`s`,256),CONVERT(`s` USING utf8mb4),"
            "CONCAT('0x',IF(LENGTH(`s`)>4096,SHA2(`s`,256),HEX(`s`))))");
}

TEST(AComparedColumn, ComparesDocumentsWithTextsByWhatTheySay) {
  const auto document = typed("j", "json");
  const auto text = typed("j", "longtext", "utf8mb4");
  const auto are_alike = [](const ColumnSchema& here, const ColumnSchema& peer, const std::string& at_here,
                            const std::string& at_peer) {
    return ComparedColumn::make(here, peer)->is_alike(at_here, at_peer);
  };
  EXPECT_TRUE(are_alike(document, text, R"({"a": 1, "b": 2.5})", R"({"b":2.50,"a":1})"));
  EXPECT_TRUE(are_alike(text, document, R"({"b":2.50,"a":1})", R"({"a": 1, "b": 2.5})"));
  EXPECT_FALSE(are_alike(document, text, R"({"a": 1})", R"({"a":2})"));
  EXPECT_FALSE(are_alike(document, text, R"({"a": 0.12345678901234568})", R"({"a":0.1234567890123456789})"))
      << "MySQL has rounded it";
  EXPECT_FALSE(are_alike(text, document, R"({"a":1,"a":2})", R"({"a": 2})")) << "MariaDB reads the first";
  EXPECT_FALSE(are_alike(document, text, R"("a")", "a"));
  EXPECT_FALSE(are_alike(text, text, R"({"a":1})", R"({"a": 1})")) << "texts";
  EXPECT_FALSE(ComparedColumn::make(document, text)->is_alike("null", std::nullopt));
}

TEST(AComparedColumn, ComparesGeometryByItsBytes) {
  const auto compared = ComparedColumn::make(typed("p", "point"), typed("p", "geometry"));
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->expression(Place::kHere), "IF(LENGTH(`p`)>4096,SHA2(`p`,256),HEX(`p`))");
  EXPECT_FALSE(compared->can_be_key());
}

TEST(AComparedColumn, TakesBytesThatAreNoAsciiForThoseOfLatin1) {
  const auto text = typed("s", "varchar(10)", "ascii");
  const auto compared = ComparedColumn::make(text, typed("s", "varchar(10)", "utf8mb4"));
  EXPECT_EQ(compared->expression(Place::kHere),
            "CONVERT(CONVERT(CONVERT(`s` USING binary) USING latin1) USING utf8mb4)");
  EXPECT_EQ(compared->expression(Place::kPeer), "CONVERT(`s` USING utf8mb4)");
  EXPECT_TRUE(compared->can_be_key());
}

TEST(AComparedColumn, IsNoKeyWhereItsLiteralsAreNotInTheOrderOfItsValues) {
  const auto is_key = [](const ColumnSchema& here, const ColumnSchema& peer) {
    return ComparedColumn::make(here, peer)->can_be_key();
  };
  const auto labels = typed("k", "enum('b','a')", "utf8mb4");
  const auto text = typed("k", "varchar(10)", "utf8mb4");
  EXPECT_TRUE(is_key(labels, labels));
  EXPECT_FALSE(is_key(labels, typed("k", "enum('b','a','c')", "utf8mb4")));
  EXPECT_FALSE(is_key(text, labels));
  EXPECT_TRUE(is_key(text, typed("k", "varchar(10)", "latin1")));
  EXPECT_FALSE(is_key(text, typed("k", "varchar(10)", "cp1250")));
  EXPECT_TRUE(is_key(typed("k", "binary(2)"), typed("k", "binary(2)")));
  EXPECT_FALSE(is_key(typed("k", "binary(2)"), typed("k", "varbinary(2)")));
}

TEST(AComparedColumn, IsNoKeyWhereADoubleDoesNotHoldASet) {
  const auto is_key = [](int labels) {
    std::string type = "set(";
    for (int label = 0; label < labels; ++label) type += "'" + std::to_string(label) + "',";
    type.back() = ')';
    const auto column = typed("k", type, "utf8mb4");
    return ComparedColumn::make(column, column)->can_be_key();
  };
  EXPECT_TRUE(is_key(53));
  EXPECT_FALSE(is_key(54));
}

TEST(AComparedColumn, SaysOfADocumentThatTheServerDidNotGiveThatItIsUnread) {
  const auto document = typed("j", "json");
  const auto text = typed("j", "longtext", "utf8mb4");
  const auto compared = ComparedColumn::make(document, text);
  EXPECT_EQ(compared->expression(Place::kHere), "IF(`j` IS NULL,NULL,IFNULL(CAST(`j` AS CHAR),''))");
  EXPECT_TRUE(compared->is_unread(Place::kHere, ""));
  EXPECT_FALSE(compared->is_unread(Place::kPeer, "")) << "a text may be empty";
  EXPECT_FALSE(compared->is_unread(Place::kHere, std::nullopt));
  EXPECT_TRUE(compared->is_alike("", "[1]"));
}

TEST(AComparedColumn, ComparesLongTextsByADigest) {
  auto text = typed("s", "mediumtext", "utf8mb4");
  text.length_characters = 16'777'215;
  const auto compared = ComparedColumn::make(text, text);
  EXPECT_EQ(compared->expression(Place::kPeer),
            "IF(CHAR_LENGTH(CONVERT(`s` USING utf8mb4))>4096,SHA2(CONVERT(`s` USING utf8mb4),256),"
            "CONVERT(`s` USING utf8mb4))");
}

TEST(AComparedColumn, OfTwoTypesWithoutAFormSaysSo) {
  EXPECT_EQ(form_of(typed("n", "int"), typed("n", "varchar(10)", "utf8mb4"), "1"),
            "no form: int and varchar(10) have no form in common");
  EXPECT_EQ(form_of(typed("n", "decimal(5,2)"), typed("n", "double"), "1"),
            "no form: decimal(5,2) and double have no form in common");
}

TEST(AComparedTable, AsksForWhatLiesBehindAKeyOfSeveralColumns) {
  const auto shape = keyed(
      {typed("a", "int"), typed("b", "varchar(9)", "utf8mb4"), typed("c", "int"), typed("d", "int")}, {"a", "b", "c"});
  const auto compared = ComparedTable::make(shape, shape);
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->chunk_query(Place::kHere, true, std::nullopt, 10),
            "SELECT `a`,CONVERT(`b` USING utf8mb4),`c` FROM `shop`.`t` ORDER BY `a`,`b`,`c` LIMIT 10");
  EXPECT_EQ(compared->chunk_query(Place::kHere, false, Cells{"1", "it's", "3"}, 10),
            "SELECT `a`,CONVERT(`b` USING utf8mb4),`c`,`d` FROM `shop`.`t` WHERE `a`>=1 AND (`a`>1 OR (`a`=1 AND "
            "(`b`>'it\\'s' OR (`b`='it\\'s' AND (`c`>3))))) ORDER BY `a`,`b`,`c` LIMIT 10");
  const std::vector<Cells> keys{{"1", "x", "2"}, {"2", "y", "3"}};
  EXPECT_EQ(
      compared->lookup_query(Place::kPeer, true, keys),
      "SELECT `a`,CONVERT(`b` USING utf8mb4),`c` FROM `shop`.`t` WHERE (`a`=1 AND `b`='x' AND `c`=2) OR (`a`=2 AND "
      "`b`='y' AND `c`=3)");
}

TEST(AComparedTable, AsksForKeysOfOneColumnByAList) {
  const auto shape = keyed({typed("v", "int"), typed("id", "varbinary(9)")}, {"id"});
  const auto compared = ComparedTable::make(shape, shape);
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->chunk_query(Place::kHere, false, Cells{"a"}, 5),
            "SELECT `id`,`v` FROM `shop`.`t` WHERE (`id`>_binary'a') ORDER BY `id` LIMIT 5");
  EXPECT_EQ(compared->lookup_query(Place::kHere, true, std::vector<Cells>{{"a"}, {"b"}}),
            "SELECT `id` FROM `shop`.`t` WHERE `id` IN (_binary'a',_binary'b')");
}

TEST(AComparedTable, NamesWhatItLeavesOut) {
  const auto here = keyed({typed("id", "int"), typed("x", "int"), typed("only", "int")}, {"id"});
  const auto peer = keyed({typed("ID", "bigint"), typed("x", "date"), typed("more", "int")}, {"ID"});
  const auto compared = ComparedTable::make(here, peer);
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->left_out(), (std::vector<std::string>{"x: int and date have no form in common", "only: only here",
                                                            "more: only at the peer"}));
}

TEST(AComparedTable, IsRefusedWithAKeyThatCannotBeAskedFor) {
  const auto without = keyed({typed("id", "int")}, {});
  EXPECT_EQ(ComparedTable::make(without, without).error(), "it has no primary key");
  EXPECT_EQ(ComparedTable::make(keyed({}, {}), without).error(),
            "its columns are not to be seen: it is being altered or dropped, compare again");
  const auto real = keyed({typed("id", "double")}, {"id"});
  EXPECT_EQ(ComparedTable::make(real, real).error(),
            "its key column id is of a type whose values cannot be asked for exactly");
  EXPECT_EQ(ComparedTable::make(keyed({typed("a", "int"), typed("b", "int")}, {"a", "b"}),
                                keyed({typed("a", "int"), typed("b", "int")}, {"b", "a"}))
                .error(),
            "its primary key has other columns at the peer");
}

TEST(AComparedTable, IsAnotherOneWhereAColumnOrTheKeyIsAnother) {
  const auto table = keyed({typed("id", "int"), typed("a", "varchar(9)", "utf8mb4"), typed("b", "int")}, {"id"});
  const std::string was = shape_text(table);
  const auto is_as_it_was = [&](const TableSchema& now) { return shape_text(now) == was; };
  EXPECT_TRUE(is_as_it_was(table));
  EXPECT_FALSE(is_as_it_was(keyed({table.columns[0], table.columns[1]}, {"id"})));
  EXPECT_FALSE(is_as_it_was(keyed({table.columns[0], table.columns[2], table.columns[1]}, {"id"})))
      << "two names swapped";
  EXPECT_FALSE(is_as_it_was(keyed(table.columns, {"id", "b"})));
  auto other = table;
  other.columns[2] = typed("b", "bigint");
  EXPECT_FALSE(is_as_it_was(other));
  other = table;
  other.columns[1].charset = "latin1";
  EXPECT_FALSE(is_as_it_was(other));
  other = table;
  other.columns[2].expression = "`id` + 1";
  EXPECT_FALSE(is_as_it_was(other));
  other = table;
  other.columns[2].has_default = true;
  EXPECT_TRUE(is_as_it_was(other)) << "its values are the same";
}

TEST(AComparedTable, IsRefusedWhereItsRowsAreNotAllItsOwn) {
  const auto plain = keyed({typed("id", "int")}, {"id"});
  auto other = plain;
  other.versioned = true;
  EXPECT_EQ(ComparedTable::make(plain, other).error(), "it is system-versioned, and its history would not be compared");
  other = plain;
  other.engine = "MRG_MyISAM";
  EXPECT_EQ(ComparedTable::make(other, plain).error(), "its engine MRG_MyISAM shows rows of other tables");
  other.engine = "InnoDB";
  EXPECT_TRUE(ComparedTable::make(other, plain));
}

TEST(AComparedTable, TellsTheColumnsInWhichRowsDiffer) {
  const auto shape = keyed({typed("id", "int"), typed("a", "varchar(9)", "utf8mb4"), typed("b", "int")}, {"id"});
  const auto compared = ComparedTable::make(shape, shape);
  ASSERT_TRUE(compared);
  EXPECT_EQ(compared->differing({"1", "x", std::nullopt}, {"1", "x", std::nullopt}), std::vector<std::size_t>{});
  EXPECT_EQ(compared->differing({"1", "", "2"}, {"1", std::nullopt, "3"}), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(compared->key_for_people({std::string("a\0b", 3)}), "a\\x00b");
}

}  // namespace
}  // namespace farshore::ctl
