#include "capture/publish/touched_tables.hpp"

#include <gmock/gmock.h>

#include "change/limits.hpp"
#include "unit/table_literal.hpp"

namespace farshore::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TouchedTables, AreNamedOnce) {
  TouchedTables tables;
  EXPECT_TRUE(tables.empty());
  tables.add("shop", "orders");
  tables.add("shop", "items");
  tables.add("shop", "orders");
  tables.add("bank", "orders");
  EXPECT_THAT(tables.names(), ElementsAre("shop.orders"_table, "shop.items"_table, "bank.orders"_table));
  tables.clear();
  EXPECT_TRUE(tables.empty());
  EXPECT_THAT(tables.names(), IsEmpty());
  tables.add("shop", "items");
  EXPECT_THAT(tables.names(), ElementsAre("shop.items"_table));
}

TEST(TouchedTables, AreAllWhereTheyAreMoreThanAnEpochNames) {
  TouchedTables tables;
  for (std::size_t i = 0; i < change::kEpochTablesMax; ++i) tables.add("shop", std::to_string(i));
  EXPECT_EQ(tables.names().size(), change::kEpochTablesMax);
  for (std::size_t i = 0; i < 3; ++i) tables.add("more", std::to_string(i));
  EXPECT_THAT(tables.names(), ElementsAre("*.*"_table));
}

}  // namespace
}  // namespace farshore::capture
