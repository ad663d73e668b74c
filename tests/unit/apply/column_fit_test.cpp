#include <gmock/gmock.h>

#include "targets.hpp"

namespace farshore::apply {
namespace {

using namespace test;
using ::testing::HasSubstr;

bool fits(const Column& source, const mysql::ColumnSchema& target) { return !silent_loss(source, target); }
bool fits(ColumnType type, const std::string& target) {
  return fits(column("c", type, "utf8mb4"), target_column("c", target, "utf8mb4"));
}

TEST(SilentLoss, IntegersGoIntoNumbersAndTexts) {
  for (const char* const target : {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "varchar", "char",
                                   "text", "longtext", "json"}) {
    EXPECT_TRUE(fits(ColumnType::kBigint, target)) << target;
  }
  for (const char* const target :
       {"year", "date", "time", "datetime", "timestamp", "enum", "set", "binary", "blob", "geometry"}) {
    EXPECT_FALSE(fits(ColumnType::kInt, target)) << target << " takes a number for something else";
  }
}

TEST(SilentLoss, IntegersGoIntoFloatingColumnsOnlyAsFarAsThoseAreExact) {
  EXPECT_TRUE(fits(ColumnType::kSmallint, "float"));
  EXPECT_FALSE(fits(ColumnType::kMediumint, "float"));
  EXPECT_FALSE(fits(ColumnType::kInt, "float"));
  EXPECT_TRUE(fits(ColumnType::kInt, "double"));
  EXPECT_FALSE(fits(ColumnType::kBigint, "double"));
}

TEST(SilentLoss, ADecimalKeepsItsDigitsAfterThePoint) {
  Column source = column("c", ColumnType::kDecimal);
  source.scale = 2;
  mysql::ColumnSchema target = target_column("c", "decimal");
  target.scale = 2;
  EXPECT_TRUE(fits(source, target));
  target.scale = 1;
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("keeps 1 digits after the point"));
  EXPECT_FALSE(fits(ColumnType::kDecimal, "double"));
  EXPECT_FALSE(fits(ColumnType::kDecimal, "varchar"));
}

TEST(SilentLoss, FloatingValuesNeedTheSameOrTheWiderType) {
  EXPECT_TRUE(fits(ColumnType::kFloat, "float"));
  EXPECT_TRUE(fits(ColumnType::kFloat, "double"));
  EXPECT_TRUE(fits(ColumnType::kDouble, "double"));
  EXPECT_FALSE(fits(ColumnType::kDouble, "float"));
  EXPECT_FALSE(fits(ColumnType::kFloat, "decimal"));
}

TEST(SilentLoss, TemporalsNeedTheirTypeAndTheirFraction) {
  const std::vector<std::pair<ColumnType, std::string>> types{{ColumnType::kDate, "date"},
                                                              {ColumnType::kTime, "time"},
                                                              {ColumnType::kDatetime, "datetime"},
                                                              {ColumnType::kTimestamp, "timestamp"}};
  for (const auto& [type, name] : types) {
    for (const auto& [other, other_name] : types) {
      EXPECT_EQ(fits(type, other_name), type == other) << name << " into " << other_name;
    }
    EXPECT_FALSE(fits(type, "varchar"));
  }
  Column source = column("c", ColumnType::kDatetime);
  source.scale = 6;
  mysql::ColumnSchema target = target_column("c", "datetime");
  target.scale = 3;
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("keeps 3 digits of a second's fraction"));
  target.scale = 6;
  EXPECT_TRUE(fits(source, target));
}

TEST(SilentLoss, BytesStayBytesAndTextStaysText) {
  const Column bytes = column("c", ColumnType::kVarchar, "binary", 63, 16);
  for (const char* const target : {"varbinary", "blob", "longblob"}) {
    EXPECT_TRUE(fits(bytes, target_column("c", target))) << target;
  }
  EXPECT_FALSE(fits(bytes, target_column("c", "varchar", "utf8mb4")));
  EXPECT_FALSE(fits(ColumnType::kVarchar, "varbinary"));
  EXPECT_TRUE(fits(ColumnType::kVarchar, "longtext"));
  EXPECT_TRUE(fits(ColumnType::kText, "json"));
}

TEST(SilentLoss, BinaryFillsWhatIsShorterThanItself) {
  mysql::ColumnSchema target = target_column("c", "binary");
  target.length_bytes = 16;
  EXPECT_TRUE(fits(column("c", ColumnType::kChar, "binary", 63, 16), target));
  EXPECT_FALSE(fits(column("c", ColumnType::kChar, "binary", 63, 12), target));
  EXPECT_FALSE(fits(column("c", ColumnType::kVarchar, "binary", 63, 16), target)) << "its values may be shorter";
}

TEST(SilentLoss, TextIntoAnEnumMayBeTakenForAnIndex) {
  for (const ColumnType type : {ColumnType::kVarchar, ColumnType::kJson}) {
    EXPECT_FALSE(fits(type, "enum"));
    EXPECT_FALSE(fits(type, "set"));
  }
}

TEST(SilentLoss, CharStripsSpacesThatOthersKeep) {
  EXPECT_TRUE(fits(ColumnType::kChar, "char"));
  EXPECT_FALSE(fits(ColumnType::kVarchar, "char"));
  EXPECT_FALSE(fits(ColumnType::kText, "char"));
}

TEST(SilentLoss, SpacesAtTheEndOfLongerTextWouldBeCut) {
  const Column source = column("c", ColumnType::kVarchar, "utf8mb4", 45, 80);
  mysql::ColumnSchema target = target_column("c", "varchar", "latin1");
  target.length_characters = 20;
  EXPECT_TRUE(fits(source, target)) << "characters are compared, whatever their bytes";
  target.length_characters = 19;
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("holds 19 characters, the source's holds 20"));
  Column text = column("c", ColumnType::kText, "utf8mb4", 45, 2);
  target.length_characters = 16'383;
  EXPECT_FALSE(fits(text, target));
  target.length_characters = 65'535;
  EXPECT_TRUE(fits(text, target));
  target = target_column("c", "tinytext", "utf8mb4");
  target.length_bytes = 255;
  EXPECT_FALSE(fits(text, target));
}

TEST(SilentLoss, ALabelThatACollationFindsEqualToAnotherWouldBecomeIt) {
  Column source = column("c", ColumnType::kEnum, "utf8mb4");
  mysql::ColumnSchema target = target_column("c", "enum", "utf8mb4");
  target.column_type = "enum('Paid','it''s','ss')";
  for (const char* const label : {"paid", "PAID", "ß", "Paid "}) {
    source.labels = {label};
    EXPECT_FALSE(fits(source, target)) << label;
  }
  source.labels = {"Paid", "it's", "new"};
  EXPECT_TRUE(fits(source, target)) << "the server itself refuses 'new'";
}

TEST(SilentLoss, YearsOfTwoDigitsAndMariadbsOwnTypesSayWhatTheyAre) {
  mysql::ColumnSchema target = target_column("c", "year");
  target.column_type = "year(2)";
  EXPECT_FALSE(fits(column("c", ColumnType::kYear), target)) << "1901 becomes 2001";
  EXPECT_THAT(silent_loss(column("c", ColumnType::kChar, "binary", 63, 16), target_column("c", "uuid")).value_or(""),
              HasSubstr("column c is uuid there, and values of that type are not carried"));
}

TEST(SilentLoss, LabelsOfOtherCharacterSetsCompareByTheirCharacters) {
  Column source = column("c", ColumnType::kEnum, "latin1");
  mysql::ColumnSchema target = target_column("c", "enum", "utf8mb4");
  target.column_type = "enum('a','\u00e4')";
  source.labels = {"a", "\xe4"};
  EXPECT_TRUE(fits(source, target));
  target.column_type = "enum('a')";
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("without the source's label '\u00e4'"));
  source.charset = "utf16";
  source.labels = {std::string("\0a", 2)};
  EXPECT_TRUE(fits(source, target));
  target.column_type = "enum('A')";
  EXPECT_FALSE(fits(source, target)) << "the collation there may take it for 'A'";
  source.charset = "latin1";
  source.labels = {"\x81"};
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("labels in the character set latin1"));
}

TEST(SilentLoss, ANegativeNumberWouldBeItsBits) {
  Column source = column("c", ColumnType::kInt);
  EXPECT_FALSE(fits(source, target_column("c", "bit")));
  source.is_unsigned = true;
  EXPECT_TRUE(fits(source, target_column("c", "bit")));
}

TEST(SilentLoss, AnEnumsLabelThatLooksLikeANumberMustBeThere) {
  Column source = column("c", ColumnType::kEnum, "utf8mb4");
  mysql::ColumnSchema target = target_column("c", "enum", "utf8mb4");
  source.labels = {"0", "1", "2"};
  target.column_type = "enum('1','2','3')";
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("without the source's label '0'"));
  target.column_type = "enum('2','1','0')";
  EXPECT_TRUE(fits(source, target));
  source.labels = {"new", "paid"};
  target.column_type = "enum('paid')";
  EXPECT_TRUE(fits(source, target)) << "the server itself refuses 'new'";
}

TEST(SilentLoss, ASetsLabelThatLooksLikeANumberMustBeThereToo) {
  Column source = column("c", ColumnType::kSet, "utf8mb4");
  mysql::ColumnSchema target = target_column("c", "set", "utf8mb4");
  source.labels = {"1", "2"};
  target.column_type = "set('2','3')";
  EXPECT_THAT(silent_loss(source, target).value_or(""), HasSubstr("without the source's label '1'"));
  target.column_type = "set('2','1')";
  EXPECT_TRUE(fits(source, target));
  source.labels = {"red", "blue"};
  target.column_type = "set('blue')";
  EXPECT_TRUE(fits(source, target)) << "the server itself refuses 'red'";
}

TEST(SilentLoss, ALabelWithBlanksOrASignBeforeItsDigitsLooksLikeANumber) {
  Column source = column("c", ColumnType::kEnum, "utf8mb4");
  mysql::ColumnSchema target = target_column("c", "enum", "utf8mb4");
  target.column_type = "enum('a','b','c')";
  for (const char* const label : {"3", " 3", "\t3", "+3", "-0", " +3", " "}) {
    source.labels = {label};
    EXPECT_FALSE(fits(source, target)) << "'" << label << "'";
  }
  for (const char* const label : {"", "+", "3+", "3 a", "x3"}) {
    source.labels = {label};
    EXPECT_TRUE(fits(source, target)) << "'" << label << "'";
  }
}

TEST(SilentLoss, EnumsSetsAndJsonGoIntoTheirTypeOrText) {
  EXPECT_TRUE(fits(ColumnType::kEnum, "varchar"));
  EXPECT_FALSE(fits(ColumnType::kEnum, "set"));
  EXPECT_FALSE(fits(ColumnType::kEnum, "int"));
  EXPECT_TRUE(fits(ColumnType::kSet, "set"));
  EXPECT_TRUE(fits(ColumnType::kSet, "text"));
  EXPECT_FALSE(fits(ColumnType::kSet, "enum"));
  EXPECT_TRUE(fits(ColumnType::kJson, "json"));
  EXPECT_TRUE(fits(ColumnType::kJson, "longtext"));
  EXPECT_FALSE(fits(ColumnType::kJson, "blob"));
}

TEST(SilentLoss, YearsAndBitsGoIntoIntegersToo) {
  EXPECT_TRUE(fits(ColumnType::kYear, "year"));
  EXPECT_TRUE(fits(ColumnType::kYear, "int"));
  EXPECT_FALSE(fits(ColumnType::kYear, "varchar"));
  EXPECT_TRUE(fits(ColumnType::kBit, "bit"));
  EXPECT_TRUE(fits(ColumnType::kBit, "bigint"));
  EXPECT_FALSE(fits(ColumnType::kBit, "double"));
}

}  // namespace
}  // namespace farshore::apply
