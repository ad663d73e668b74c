#include "apply/cascade_reach.hpp"

#include <gtest/gtest.h>

namespace farshore::apply {
namespace {

mysql::ForeignKey key(std::string parent_schema, std::string parent, std::string schema, std::string child,
                      std::string on_delete = "CASCADE") {
  mysql::ForeignKey made;
  made.parent_schema = std::move(parent_schema);
  made.parent_table = std::move(parent);
  made.schema = std::move(schema);
  made.table = std::move(child);
  made.on_update = "RESTRICT";
  made.on_delete = std::move(on_delete);
  return made;
}

TEST(CascadeReach, IsOfTheKeysThatAChangeGoesThrough) {
  const std::vector<mysql::ForeignKey> keys{
      key("shop", "lines", "shop", "parts"), key("shop", "orders", "shop", "lines"),
      key("shop", "orders", "shop", "bills", "RESTRICT"), key("shop", "bills", "shop", "copies"),
      key("shop", "users", "shop", "logs")};
  const std::vector<mysql::ForeignKey> reached{keys[0], keys[1]};
  EXPECT_EQ(keys_from({folded_name("Shop", "ORDERS")}, keys), reached);
}

TEST(CascadeReach, TellsTablesApartWhoseNamesHavePoints) {
  const std::vector<mysql::ForeignKey> keys{key("a.b", "c", "shop", "lines")};
  EXPECT_EQ(keys_from({folded_name("a.b", "c")}, keys), keys);
  EXPECT_TRUE(keys_from({folded_name("a", "b.c")}, keys).empty());
}

}  // namespace
}  // namespace farshore::apply
