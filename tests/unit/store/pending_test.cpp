#include "store/pending.hpp"

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WhatIsPending : public test::OnAServer {};

TEST_F(WhatIsPending, IsCountedByStream) {
  answer_all(
      rows({"origin", "stream", "parked", "conflicts"}, {{"west", "main", "3", "1"}, {"west", "bulk", "0", "2"}}));
  const auto pending = count_pending(connection_, "east");
  ASSERT_TRUE(pending);
  ASSERT_EQ(pending->size(), 2U);
  EXPECT_EQ((*pending)[0].stream, "main");
  EXPECT_EQ((*pending)[0].parked, 3U);
  EXPECT_EQ((*pending)[0].conflicts, 1U);
  EXPECT_EQ((*pending)[1].conflicts, 2U);
}

TEST_F(WhatIsPending, IsReadWithHowItsTriesWent) {
  answer_all(
      rows({"origin", "stream", "part", "schema_name", "table_name", "key_hash", "key_text", "epoch", "incarnation",
            "seq", "gtid", "change_bytes", "reason", "since", "target_image", "tries", "tried_at"},
           {{"west", "main", "3", "shop", "orders", "0123456789abcdef", "5", "2", "18446744073709551615", "17", "0-1-6",
             "bytes", "refused", "then", "", "4", "now"}}));
  const auto found = read_pending(connection_, "east", PendingKind::kParked,
                                  {.origin = "west", .table = "shop.orders", .key = "5", .limit = 7});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  const PendingRow& row = found->front();
  EXPECT_EQ(row.change.partition.to_string(), "west/main/3");
  EXPECT_EQ(row.change.key, parked_key("shop", "orders", "0123456789abcdef"));
  EXPECT_EQ(row.change.epoch, (EpochId{Epoch(2), Incarnation(18'446'744'073'709'551'615U)}));
  EXPECT_EQ(row.change.seq, Seq(17));
  EXPECT_EQ(row.change.reason, "refused");
  EXPECT_EQ(row.tries, 4U);
  EXPECT_EQ(row.tried_at, "now");
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(HasSubstr("AS t USING (region, origin, stream, part, schema_name, table_name, key_hash) WHERE "
                            "region='east' AND origin='west' AND CONCAT(schema_name, '.', "
                            "table_name)='shop.orders' AND key_text='5' ORDER BY origin, schema_name, "
                            "table_name, key_text LIMIT 7")));
}

TEST_F(WhatIsPending, IsReadOfTheTableThatIsAsked) {
  answer_all(rows({"origin"}, {}));
  EXPECT_TRUE(read_pending(connection_, "east", PendingKind::kConflict, {}));
  EXPECT_TRUE(read_pending(connection_, "east", PendingKind::kMismatch, {}));
  EXPECT_THAT(server_.take_statements(),
              ElementsAre(HasSubstr("FROM farshore.conflict WHERE region='east' ORDER BY"),
                          HasSubstr("FROM farshore.mismatch_example WHERE region='east' ORDER BY")));
}

}  // namespace
}  // namespace farshore::store
