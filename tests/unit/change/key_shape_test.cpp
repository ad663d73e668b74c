#include "change/key_shape.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace farshore::change {
namespace {

constexpr std::uint32_t kUtf8mb4GeneralCi = 45;
constexpr std::uint32_t kUtf8mb4Bin = 46;

Column column_of(std::string name, ColumnType type, std::string charset = "", std::uint32_t collation = 0) {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.charset = std::move(charset);
  column.collation = collation;
  return column;
}

/// Keyed by its first column, unless a test says otherwise.
TableShape table_of(std::vector<Column> columns) { return {"shop", "t", std::move(columns), {0}}; }

std::string shape_of(const TableShape& table, const std::vector<std::uint32_t>& prefix = {}) {
  return key_shape(table, prefix, ServerKind::kMariadb);
}
std::string shape_of(const Column& column) { return shape_of(table_of({column})); }

TEST(KeyShape, HasWhateverDecidesHowKeysAreHashedOrMerged) {
  Column at = column_of("at", ColumnType::kDatetime);
  const std::string seconds = shape_of(at);
  at.scale = 6;
  EXPECT_NE(shape_of(at), seconds) << "DATETIME to DATETIME(6)";
  at.type = ColumnType::kTimestamp;
  EXPECT_NE(shape_of(at), seconds);

  Column price = column_of("price", ColumnType::kDecimal);
  price.length = 10;
  price.scale = 2;
  const std::string two_digits = shape_of(price);
  price.scale = 4;
  EXPECT_NE(shape_of(price), two_digits);

  Column number = column_of("n", ColumnType::kInt);
  const std::string with_sign = shape_of(number);
  number.is_unsigned = true;
  EXPECT_NE(shape_of(number), with_sign);

  Column bytes = column_of("b", ColumnType::kChar, "binary", 63);
  bytes.length = 4;
  const std::string four = shape_of(bytes);
  bytes.length = 6;
  EXPECT_NE(shape_of(bytes), four) << "BINARY is padded to its length";

  Column label = column_of("l", ColumnType::kEnum, "utf8mb4", kUtf8mb4GeneralCi);
  label.labels = {"a", "b"};
  const std::string in_order = shape_of(label);
  label.labels = {"b", "a"};
  EXPECT_NE(shape_of(label), in_order) << "the values are places among the labels";
  label.labels = {"a','b"};
  EXPECT_NE(shape_of(label), in_order) << "a label that looks like two";

  EXPECT_NE(shape_of(column_of("name", ColumnType::kVarchar, "utf8mb4", kUtf8mb4GeneralCi)),
            shape_of(column_of("name", ColumnType::kVarchar, "utf8mb4", kUtf8mb4Bin)));
  EXPECT_NE(shape_of(column_of("name", ColumnType::kVarchar, "new", 60'001)),
            shape_of(column_of("name", ColumnType::kVarchar, "new", 60'002)))
      << "collations that are not known";
  EXPECT_NE(shape_of(column_of("a", ColumnType::kInt)), shape_of(column_of("b", ColumnType::kInt)));
}

TEST(KeyShape, HasTheOrderOfTheKeyAndItsPrefixes) {
  TableShape table = table_of({column_of("a", ColumnType::kInt), column_of("b", ColumnType::kInt)});
  const std::string first_alone = shape_of(table);
  EXPECT_NE(shape_of(table, {0}), first_alone);
  table.key = {0, 1};
  const std::string both = shape_of(table);
  EXPECT_NE(both, first_alone);
  table.key = {1, 0};
  EXPECT_NE(shape_of(table), both);
  // Names that look like more columns.
  TableShape odd = table_of({column_of("a` INT, `b", ColumnType::kInt)});
  EXPECT_NE(shape_of(odd), both);
}

TEST(KeyShape, HasNothingElse) {
  Column name = column_of("name", ColumnType::kVarchar, "utf8mb4", kUtf8mb4Bin);
  name.length = 160;
  TableShape table = table_of({name, column_of("n", ColumnType::kInt)});
  const std::string before = shape_of(table);
  table.columns[0].length = 400;
  table.columns[1].type = ColumnType::kBigint;
  table.columns.push_back(column_of("added", ColumnType::kDatetime));
  EXPECT_EQ(shape_of(table), before);
  // The same columns at another place.
  std::swap(table.columns[0], table.columns[1]);
  table.key = {1};
  EXPECT_EQ(shape_of(table), before);
}

TEST(KeyShape, IsForPeopleToo) {
  Column id = column_of("id", ColumnType::kBigint);
  id.is_unsigned = true;
  TableShape table = table_of({id, column_of("name", ColumnType::kVarchar, "utf8mb4", kUtf8mb4Bin)});
  table.key = {0, 1};
  EXPECT_EQ(shape_of(table), "(`id` BIGINT UNSIGNED, `name` VARCHAR utf8mb4_bin padded by bytes)");
}

}  // namespace
}  // namespace farshore::change
