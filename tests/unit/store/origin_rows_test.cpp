#include "store/origin_rows.hpp"

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using mysql::test::rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TheRowsOfAnOrigin : public test::OnAServer {};

TEST_F(TheRowsOfAnOrigin, AreThoseOfTheTablesThatAreThere) {
  server_.answer([](const std::string& statement) {
    if (!statement.contains("information_schema")) return rows({"count"}, {{"2"}});
    return rows({"table", "column", "type"}, {{"equality", "origin", "varchar"},
                                              {"parked", "origin", "varchar"},
                                              {"parked", "change_bytes", "longblob"},
                                              {"progress", "origin", "varchar"}});
  });
  const auto tables = read_noted_tables(connection_, "east", "west");
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 2U);
  EXPECT_EQ((*tables)[0].name, "progress");
  EXPECT_EQ((*tables)[1].name, "parked");
  EXPECT_EQ((*tables)[1].columns, "origin, HEX(change_bytes) AS change_bytes");
  EXPECT_EQ((*tables)[1].rows, 2U);
  EXPECT_THAT(server_.take_statements(),
              ElementsAre(HasSubstr("WHERE TABLE_SCHEMA='farshore' ORDER BY"),
                          "SELECT COUNT(*) FROM farshore.progress WHERE region='east' AND origin='west'",
                          "SELECT COUNT(*) FROM farshore.parked WHERE region='east' AND origin='west'"));
}

TEST_F(TheRowsOfAnOrigin, AreReadInPagesAndGo) {
  const NotedTable table{.name = "parked", .columns = "origin", .rows = 2};
  answer_all(rows({"origin"}, {{"west"}}));
  EXPECT_TRUE(read_noted_rows(connection_, "east", "west", table, 200, 100));
  answer_all(ok(2));
  EXPECT_TRUE(delete_noted_rows(connection_, "east", "west", table));
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre("SELECT origin FROM farshore.parked WHERE region='east' AND origin='west' ORDER BY 1, 2, 3, 4, "
                  "5, 6, 7 LIMIT 200, 100",
                  "DELETE FROM farshore.parked WHERE region='east' AND origin='west'"));
}

}  // namespace
}  // namespace farshore::store
