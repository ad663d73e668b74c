#include "store/mismatch.hpp"

#include <array>

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using mysql::test::rows;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Mismatches : public test::WithAChange {};

TEST_F(Mismatches, AreCountedInOneStatement) {
  answer_all(ok(2));
  const std::array<MismatchCount, 2> counts{{{.partition = &partition_,
                                              .schema = "shop",
                                              .table = "orders",
                                              .kind = Mismatch::kInsertExists,
                                              .changes = 4,
                                              .closes = true},
                                             {.partition = &partition_,
                                              .schema = "shop",
                                              .table = "lines",
                                              .kind = Mismatch::kAlreadyAsAfter,
                                              .changes = 1,
                                              .closes = false}}};
  EXPECT_TRUE(add_mismatches(connection_, "east", counts));
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("INSERT INTO farshore.mismatch (region, origin, stream, part, schema_name, table_name, kind, "
                          "changes) VALUES ('east','west','main',3,'shop','orders','insert-exists',4),"
                          "('east','west','main',3,'shop','orders','closing',4),"
                          "('east','west','main',3,'shop','lines','already-as-after',1) ON DUPLICATE KEY UPDATE "
                          "changes=changes+VALUES(changes), last_at=NOW(6)"));
}

TEST_F(Mismatches, AreShownByTheFirstOfThem) {
  answer_all(ok(1));
  EXPECT_TRUE(add_mismatch_example(connection_, "east", change(), Mismatch::kDeleteMissing, "",
                                   {.examples = 20, .sql_bytes = 1'000}));
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(
          "INSERT IGNORE INTO farshore.mismatch_example (region, origin, stream, part, epoch, incarnation, seq, "
          "schema_name, table_name, kind, key_hash, key_text, gtid, change_bytes, target_image) SELECT "
          "'east','west','main',3,2,9,17,'shop','orders','delete-missing',_binary'0123456789abcdef','5',"
          "'0-1-6',_binary'bytes',NULL FROM DUAL WHERE (SELECT COUNT(*) FROM farshore.mismatch_example AS e "
          "WHERE (region, origin, stream, part, schema_name, table_name, "
          "kind)=('east','west','main',3,'shop','orders','delete-missing')) < 20"));
}

TEST_F(Mismatches, AreNotShownByALargeOne) {
  answer_all(ok(1));
  EXPECT_TRUE(add_mismatch_example(connection_, "east", change(), Mismatch::kBeforeDiffers, "'{\"id\":5}'",
                                   {.examples = 20, .sql_bytes = 23}));
  EXPECT_THAT(server_.take_statements(), IsEmpty());
}

TEST_F(Mismatches, AreForgottenWithTheirExamples) {
  server_.answer([](const std::string& statement) {
    return statement.starts_with("SELECT")
               ? rows({"origin", "stream", "table", "kind", "changes", "first_at", "last_at"},
                      {{"west", "main", "shop.orders", "insert-exists", "4", "then", "now"}})
               : ok(1);
  });
  const auto counted = forget_mismatches(connection_, "east", {.origin = "west", .table = "", .key = ""});
  ASSERT_TRUE(counted);
  ASSERT_EQ(counted->size(), 1U);
  EXPECT_EQ(counted->front().table, "shop.orders");
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("DELETE FROM farshore.mismatch_example WHERE region='east' AND origin='west'",
                          AllOf(HasSubstr("WHERE region='east' AND origin='west'"), EndsWith(" FOR UPDATE")),
                          "DELETE FROM farshore.mismatch WHERE region='east' AND origin='west'"));
}

TEST_F(Mismatches, AreReadByTable) {
  answer_all(rows({"origin", "stream", "table", "kind", "changes", "first_at", "last_at"},
                  {{"west", "main", "shop.orders", "insert-exists", "4", "then", "now"}}));
  const auto found = read_mismatches(connection_, "east", {});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().table, "shop.orders");
  EXPECT_EQ(found->front().changes, 4U);
  EXPECT_EQ(found->front().last_at, "now");
  EXPECT_THAT(server_.take_statements(),
              ElementsAre(HasSubstr(
                  "FROM farshore.mismatch WHERE region='east' AND kind<>'closing' GROUP BY 1, 2, 3, 4 ORDER BY")));
}

}  // namespace
}  // namespace farshore::store
