#include "change/key_shape.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace farshore::change {
namespace {

constexpr std::uint32_t kGeneralCi = 45;
constexpr std::uint32_t kBin = 46;

Column named_column(std::string name, ColumnType type, std::string charset = "", std::uint32_t collation = 0) {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.charset = std::move(charset);
  column.collation = collation;
  return column;
}

/// Keyed by its first column, unless a test says otherwise.
TableShape table_of(std::vector<Column> columns) { return {"shop", "t", std::move(columns), {0}}; }

std::string shape_text(const TableShape& table, const std::vector<std::uint32_t>& prefix = {}) {
  return key_shape(table, prefix, ServerKind::kMariadb);
}
std::string shape_text(const Column& column) { return shape_text(table_of({column})); }

TEST(KeyShape, HasWhateverDecidesHowKeysAreHashedOrMerged) {
  Column at = named_column("at", ColumnType::kDatetime);
  const std::string seconds = shape_text(at);
  at.scale = 6;
  EXPECT_NE(shape_text(at), seconds) << "DATETIME to DATETIME(6)";
  at.type = ColumnType::kTimestamp;
  EXPECT_NE(shape_text(at), seconds);

  Column price = named_column("price", ColumnType::kDecimal);
  price.length = 10;
  price.scale = 2;
  const std::string two_digits = shape_text(price);
  price.scale = 4;
  EXPECT_NE(shape_text(price), two_digits);

  Column number = named_column("n", ColumnType::kInt);
  const std::string with_sign = shape_text(number);
  number.is_unsigned = true;
  EXPECT_NE(shape_text(number), with_sign);

  Column bytes = named_column("b", ColumnType::kChar, "binary", 63);
  bytes.length = 4;
  const std::string four = shape_text(bytes);
  bytes.length = 6;
  EXPECT_NE(shape_text(bytes), four) << "BINARY is padded to its length";

  Column label = named_column("l", ColumnType::kEnum, "utf8mb4", kGeneralCi);
  label.labels = {"a", "b"};
  const std::string in_order = shape_text(label);
  label.labels = {"b", "a"};
  EXPECT_NE(shape_text(label), in_order) << "the values are places among the labels";
  label.labels = {"a','b"};
  EXPECT_NE(shape_text(label), in_order) << "a label that looks like two";

  EXPECT_NE(shape_text(named_column("name", ColumnType::kVarchar, "utf8mb4", kGeneralCi)),
            shape_text(named_column("name", ColumnType::kVarchar, "utf8mb4", kBin)));
  EXPECT_NE(shape_text(named_column("name", ColumnType::kVarchar, "new", 60'001)),
            shape_text(named_column("name", ColumnType::kVarchar, "new", 60'002)))
      << "collations that are not known";
  EXPECT_NE(shape_text(named_column("a", ColumnType::kInt)), shape_text(named_column("b", ColumnType::kInt)));
}

TEST(KeyShape, HasTheOrderOfTheKeyAndItsPrefixes) {
  TableShape table = table_of({named_column("a", ColumnType::kInt), named_column("b", ColumnType::kInt)});
  const std::string first_alone = shape_text(table);
  EXPECT_NE(shape_text(table, {0}), first_alone);
  table.key = {0, 1};
  const std::string both = shape_text(table);
  EXPECT_NE(both, first_alone);
  table.key = {1, 0};
  EXPECT_NE(shape_text(table), both);
  // Names that look like more columns.
  TableShape odd = table_of({named_column("a` INT, `b", ColumnType::kInt)});
  EXPECT_NE(shape_text(odd), both);
}

TEST(KeyShape, HasNothingElse) {
  Column name = named_column("name", ColumnType::kVarchar, "utf8mb4", kBin);
  name.length = 160;
  TableShape table = table_of({name, named_column("n", ColumnType::kInt)});
  const std::string before = shape_text(table);
  table.columns[0].length = 400;
  table.columns[1].type = ColumnType::kBigint;
  table.columns.push_back(named_column("added", ColumnType::kDatetime));
  EXPECT_EQ(shape_text(table), before);
  // The same columns at another place.
  std::swap(table.columns[0], table.columns[1]);
  table.key = {1};
  EXPECT_EQ(shape_text(table), before);
}

TEST(KeyShape, IsForPeopleToo) {
  Column id = named_column("id", ColumnType::kBigint);
  id.is_unsigned = true;
  TableShape table = table_of({id, named_column("name", ColumnType::kVarchar, "utf8mb4", kBin)});
  table.key = {0, 1};
  EXPECT_EQ(shape_text(table), "(`id` BIGINT UNSIGNED, `name` VARCHAR utf8mb4_bin padded by bytes)");
}

}  // namespace
}  // namespace farshore::change
