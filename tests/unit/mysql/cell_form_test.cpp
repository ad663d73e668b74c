#include "mysql/cell_form.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace farshore::mysql {
namespace {

using namespace std::string_literals;

Column source_column(ColumnType type, std::string charset = "") {
  Column made;
  made.name = "c";
  made.type = type;
  made.charset = std::move(charset);
  return made;
}

ColumnSchema target(std::string data_type, std::string charset = "", std::uint64_t length_bytes = 40) {
  ColumnSchema made;
  made.name = "c";
  made.data_type = std::move(data_type);
  made.charset = std::move(charset);
  made.length_bytes = length_bytes;
  return made;
}

/// Whether the cell is taken for the value; nothing: the value has no form.
std::optional<bool> same(const CellForm& form, const Value& value, std::string_view cell) {
  std::string of_value;
  std::string of_cell;
  const auto text = form.of_value(value, of_value);
  if (!text) return std::nullopt;
  return *text == form.of_cell(cell, of_cell);
}

TEST(CellForms, NumbersAreTheSameWhateverTheirZeros) {
  const CellForm integer(source_column(ColumnType::kInt), target("int"));
  EXPECT_EQ(same(integer, Value::of_int(-7), "-7"), true);
  EXPECT_EQ(same(integer, Value::of_uint(7), "000000007"), true);
  EXPECT_EQ(same(integer, Value::of_int(0), "0000"), true);
  EXPECT_EQ(same(integer, Value::of_int(7), "70"), false);
  const CellForm decimal(source_column(ColumnType::kDecimal), target("decimal"));
  EXPECT_EQ(same(decimal, Value::of_text("1.50"), "1.5000"), true);
  EXPECT_EQ(same(decimal, Value::of_text("100"), "100.00"), true);
  EXPECT_EQ(same(decimal, Value::of_text("100"), "1"), false);
  const CellForm real(source_column(ColumnType::kDouble), target("double"));
  EXPECT_EQ(same(real, Value::of_double(1e20), "100000000000000000000"), true);
  EXPECT_EQ(same(real, Value::of_double(0.1), "0.10000000000000002"), false);
}

TEST(CellForms, TemporalsAreTheSameWhateverTheDigitsOfTheirFractions) {
  const CellForm form(source_column(ColumnType::kDatetime), target("datetime"));
  EXPECT_EQ(same(form, Value::of_text("2026-01-02 03:04:05.500"), "2026-01-02 03:04:05.500000"), true);
  EXPECT_EQ(same(form, Value::of_text("2026-01-02 03:04:10"), "2026-01-02 03:04:1"), false);
}

TEST(CellForms, TextOfAnotherCharacterSetIsShownInTheSourcesOwn) {
  const CellForm form(source_column(ColumnType::kVarchar, "gbk"), target("varchar", "utf8mb4"));
  EXPECT_EQ(form.expression("`c`"), "CAST(CONVERT(`c` USING gbk) AS BINARY)");
  EXPECT_EQ(same(form, Value::of_bytes("\xD3\xEF"), "\xD3\xEF"), true);
  EXPECT_EQ(same(form, Value::of_bytes("why?"), "why?"), std::nullopt) << "it may stand for what was lost";
  const CellForm plain(source_column(ColumnType::kVarchar, "utf8mb3"), target("varchar", "latin1"));
  EXPECT_EQ(plain.expression("`c`"), "`c`");
  EXPECT_EQ(same(plain, Value::of_bytes("why?"), "why?"), std::nullopt) << "so may what the target shows";
  const CellForm own(source_column(ColumnType::kVarchar, "latin1"), target("varchar", "latin1"));
  EXPECT_EQ(own.expression("`c`"), "CAST(`c` AS BINARY)");
  EXPECT_EQ(same(own, Value::of_bytes("why?"), "why?"), true);
}

TEST(CellForms, ACharacterSetsNameThatIsNoneIsNoPartOfAStatement) {
  const CellForm form(source_column(ColumnType::kVarchar, "x) OR (1"), target("varchar", "utf8mb4"));
  EXPECT_EQ(form.expression("`c`"), "IF(`c` IS NULL,NULL,1)");
  EXPECT_EQ(same(form, Value::of_bytes("1"), "1"), std::nullopt);
}

TEST(CellForms, LongValuesAreShownCutAndHaveNoForm) {
  const CellForm form(source_column(ColumnType::kText, "binary"), target("longblob", "", 4'294'967'295));
  EXPECT_EQ(form.expression("`c`"), "LEFT(`c`,8192)");
  const std::string longest(CellForm::kBytesMax - 1, 'x');
  EXPECT_EQ(same(form, Value::of_bytes(longest), longest), true);
  EXPECT_EQ(same(form, Value::of_bytes(longest), longest + "x"), false) << "and maybe more";
  EXPECT_EQ(same(form, Value::of_bytes(longest + "x"), longest + "x"), std::nullopt);
}

TEST(CellForms, PaddingCountsWhereTheColumnDoesNotPad) {
  const CellForm padded(source_column(ColumnType::kChar, "binary"), target("binary"));
  EXPECT_EQ(same(padded, Value::of_bytes("a"), "a\0\0"s), true);
  const CellForm exact(source_column(ColumnType::kVarchar, "binary"), target("varbinary"));
  EXPECT_EQ(same(exact, Value::of_bytes("a"), "a\0"s), false);
}

TEST(CellForms, LabelsAreTheNumbersThatTheyHaveThere) {
  Column source = source_column(ColumnType::kEnum, "utf8mb4");
  source.labels = {"a", "b"};
  ColumnSchema there = target("enum", "utf8mb4");
  there.column_type = "enum('b','a')";
  const CellForm form(source, there);
  EXPECT_EQ(form.expression("`c`"), "`c`|0");
  EXPECT_EQ(same(form, Value::of_uint(1), "2"), true);
  EXPECT_EQ(same(form, Value::of_uint(1), "1"), false);
}

TEST(CellForms, KindsThatServersSpellInTheirOwnWayHaveNone) {
  EXPECT_EQ(same({source_column(ColumnType::kInt), target("varchar", "utf8mb4")}, Value::of_int(7), "7"), std::nullopt);
  EXPECT_EQ(same({source_column(ColumnType::kFloat), target("decimal")}, Value::of_float(7), "7"), std::nullopt);
}

}  // namespace
}  // namespace farshore::mysql
