#include "base/table_name.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace farshore {
namespace {

using ::testing::Optional;

TEST(TableName, ComesBackFromItsText) {
  for (const TableName& table : {TableName{"shop", "orders"}, TableName{"shop", "or.ders"}, TableName{"x.eu", "c"},
                                 TableName{".x.", "."}, TableName{"\xC3\xBC", "\xE5\x85\xAB"}, TableName{"*", "*"}})
    EXPECT_THAT(TableName::parse(table.to_string()), Optional(table)) << table.to_string();
  EXPECT_EQ((TableName{"shop", "orders"}).to_string(), "shop.orders");
  EXPECT_NE((TableName{"x.eu", "c"}).to_string(), (TableName{"x", "eu.c"}).to_string());
  EXPECT_EQ((TableName{"x.eu", "c"}).for_people(), "x.eu.c");
}

TEST(TableName, HasTwoNames) {
  for (const char* text : {"", ".", "shop", "shop.", ".orders"}) EXPECT_FALSE(TableName::parse(text)) << text;
}

// The order of a group's tables is part of what decides the numbering.
TEST(TableName, IsOrderedAsItsText) {
  std::vector<TableName> tables;
  for (const char* schema : {"a", "a-b", "ab", "a.b", "a0", "b", "\xC3\xBC", "a\xC3\xBC"})
    for (const char* table : {"a", "b", "a.b", "\xC3\xBC"}) tables.push_back({schema, table});
  for (const TableName& a : tables)
    for (const TableName& b : tables)
      EXPECT_EQ(a <=> b, a.to_string() <=> b.to_string()) << a.to_string() << ' ' << b.to_string();
}

}  // namespace
}  // namespace farshore
