#include "capture/touched_tables.hpp"

#include <gmock/gmock.h>

#include "change/limits.hpp"

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
  EXPECT_THAT(tables.names(), ElementsAre("shop.orders", "shop.items", "bank.orders"));
  tables.clear();
  EXPECT_TRUE(tables.empty());
  EXPECT_THAT(tables.names(), IsEmpty());
  tables.add("shop", "items");
  EXPECT_THAT(tables.names(), ElementsAre("shop.items"));
}

TEST(TouchedTables, AreAllWhereTheyAreMoreThanAnEpochNames) {
  TouchedTables tables;
  for (std::size_t i = 0; i < change::kEpochTablesMax; ++i) tables.add("shop", std::to_string(i));
  EXPECT_EQ(tables.names().size(), change::kEpochTablesMax);
  for (std::size_t i = 0; i < 3; ++i) tables.add("more", std::to_string(i));
  EXPECT_THAT(tables.names(), ElementsAre("*.*"));
}

}  // namespace
}  // namespace farshore::capture
