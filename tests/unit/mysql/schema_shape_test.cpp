#include "mysql/schema_shape.hpp"

#include <gmock/gmock.h>

namespace farshore::mysql {
namespace {

using ::testing::ElementsAre;

ColumnSchema column(std::string name, std::string type) {
  ColumnSchema made;
  made.name = std::move(name);
  made.data_type = made.column_type = std::move(type);
  return made;
}

TableSchema table_of(std::vector<ColumnSchema> columns) {
  TableSchema table;
  table.schema = "shop";
  table.name = "orders";
  table.columns = std::move(columns);
  table.primary_key = {"ID"};
  return table;
}

TEST(ShapeOf, IsWhatATableMapSays) {
  ColumnSchema id = column("id", "bigint");
  id.is_unsigned = true;
  ColumnSchema word = column("word", "varchar");
  word.length_bytes = 80;
  word.collation = "utf8mb4_bin";
  word.nullable = true;
  ColumnSchema raw = column("raw", "mediumblob");
  ColumnSchema amount = column("amount", "decimal");
  amount.precision = 10;
  amount.scale = 2;
  ColumnSchema at = column("at", "datetime");
  at.scale = 3;
  ColumnSchema kind = column("kind", "enum");
  kind.column_type = "enum('a','b')";
  kind.collation = "latin1_swedish_ci";
  const auto shape = shape_of(table_of({word, id, raw, amount, at, kind}), ServerKind::kMysql);
  ASSERT_TRUE(shape) << shape.error();
  EXPECT_EQ(shape->full_name(), "shop.orders");
  EXPECT_THAT(shape->key, ElementsAre(1));
  EXPECT_TRUE(shape->columns[1].is_unsigned);
  EXPECT_EQ(shape->columns[0].length, 80U);
  EXPECT_EQ(shape->columns[0].collation, 46U);
  EXPECT_EQ(shape->columns[0].charset, "utf8mb4");
  EXPECT_TRUE(shape->columns[0].nullable);
  EXPECT_EQ(shape->columns[2].type, ColumnType::kText);
  EXPECT_EQ(shape->columns[2].length, 3U);
  EXPECT_EQ(shape->columns[2].charset, "binary");
  EXPECT_EQ(shape->columns[3].length, 10U);
  EXPECT_EQ(shape->columns[3].scale, 2U);
  EXPECT_EQ(shape->columns[4].scale, 3U);
  EXPECT_THAT(shape->columns[5].labels, ElementsAre("a", "b"));
}

TEST(ShapeOf, SaysWhatCaptureCannotRead) {
  const auto place = shape_of(table_of({column("place", "geometry")}), ServerKind::kMariadb);
  EXPECT_EQ(place.error(), "column place has type geometry, which cannot be read yet; leave the table out");
  ColumnSchema packed = column("note", "varchar");
  packed.column_type = "varchar(20) /*M!100301 COMPRESSED*/";
  EXPECT_FALSE(shape_of(table_of({packed}), ServerKind::kMariadb));
  ColumnSchema word = column("word", "varchar");
  word.collation = "klingon_ci";
  EXPECT_THAT(shape_of(table_of({word}), ServerKind::kMysql).error(), ::testing::HasSubstr("collation klingon_ci"));
}

}  // namespace
}  // namespace farshore::mysql
