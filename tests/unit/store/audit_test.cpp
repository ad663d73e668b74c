#include "store/audit.hpp"

#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using mysql::test::rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TheAudit : public test::OnAServer {};

TEST_F(TheAudit, KeepsWhatIsAskedAndGivesItsNumber) {
  server_.answer([](const std::string& statement) {
    if (statement.contains("GET_LOCK")) return rows({"held"}, {{"1"}});
    return statement.starts_with("SELECT") ? rows({"id"}, {{"41"}}) : ok(1);
  });
  const Request request{.id = 0,
                        .action = "take-source",
                        .dry_run = true,
                        .partition = {"west", "main", PartitionId(3)},
                        .key = parked_key("shop", "orders", "0123456789abcdef"),
                        .epoch = Epoch(2),
                        .seq = Seq(17),
                        .expected = {},
                        .who = "ann@desk"};
  EXPECT_EQ(add_request(connection_, "east", request, "conflicts take-source"), 41U);
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre("START TRANSACTION",
                  "INSERT INTO farshore.audit (region, who, command, action, dry_run, origin, stream, part, "
                  "schema_name, table_name, key_hash, epoch, seq, expected) VALUES "
                  "('east',CONCAT('ann@desk',', ',CURRENT_USER()),'conflicts "
                  "take-source','take-source',1,'west','main',3,'shop','orders',_binary'0123456789abcdef',2,17,"
                  "NULL)",
                  "SELECT LAST_INSERT_ID()", "SELECT COALESCE(GET_LOCK('farshore.request.41', 0), 0)", "COMMIT"))
      << "who sees the row sees the lock";
}

TEST_F(TheAudit, KeepsNothingOfARequestThatCannotBeWaitedFor) {
  server_.answer([](const std::string& statement) {
    if (statement.contains("GET_LOCK")) return rows({"held"}, {{"0"}});
    return statement.starts_with("SELECT") ? rows({"id"}, {{"41"}}) : ok(1);
  });
  Request request;
  request.key = parked_key("shop", "orders", "0123456789abcdef");
  EXPECT_FALSE(add_request(connection_, "east", request, "discard"));
  EXPECT_EQ(server_.take_statements().back(), "ROLLBACK");
}

TEST_F(TheAudit, KnowsWhetherWhoAskedIsStillThere) {
  answer_all(rows({"held"}, {{"1"}}));
  EXPECT_EQ(is_waited_for(connection_, 41), true);
  answer_all(rows({"held"}, {{"0"}}));
  EXPECT_EQ(is_waited_for(connection_, 41), false);
  EXPECT_EQ(server_.take_statements().back(), "SELECT IS_USED_LOCK('farshore.request.41') IS NOT NULL");
}

TEST_F(TheAudit, GivesWhatWaits) {
  answer_all(
      rows({"id", "action", "dry_run", "origin", "stream", "part", "schema_name", "table_name", "key_hash", "epoch",
            "seq", "expected", "who"},
           {{"41", "discard", "0", "west", "main", "3", "shop", "orders", "0123456789abcdef", "2", "17", "{}", "ann"},
            {"42", "discard", "1", "west", "main", "3", "shop", "orders", "0123456789abcdef", "2", "18", std::nullopt,
             "ann"}}));
  const auto found = open_requests(connection_, "east", 20);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].id, 41U);
  EXPECT_FALSE((*found)[0].dry_run);
  EXPECT_EQ((*found)[0].expected, "{}");
  EXPECT_TRUE((*found)[1].dry_run);
  EXPECT_EQ((*found)[1].expected, std::nullopt);
  EXPECT_EQ((*found)[1].seq, Seq(18));
}

TEST_F(TheAudit, HasOneOutcome) {
  answer_all(ok(1));
  EXPECT_EQ(answer_request(connection_, 41, true, "it's done"), true);
  EXPECT_EQ(withdraw_request(connection_, 41, "withdrawn"), true);
  answer_all(ok(0));
  EXPECT_EQ(answer_request(connection_, 41, false, "late"), false);
  EXPECT_EQ(withdraw_request(connection_, 41, "late"), false);
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre("UPDATE farshore.audit SET done_at=NOW(6), done=1, outcome='it\\'s done' WHERE id=41 AND "
                  "done_at IS NULL",
                  "UPDATE farshore.audit SET done_at=NOW(6), outcome='withdrawn' WHERE id=41 AND done_at IS NULL",
                  HasSubstr("done=0"), StartsWith("UPDATE")));
}

TEST_F(TheAudit, LetsItsLockGoWhenNobodyWaitsAnyMore) {
  answer_all(ok());
  EXPECT_TRUE(release_request(connection_, 41));
  EXPECT_THAT(server_.take_statements(), ElementsAre("DO RELEASE_LOCK('farshore.request.41')"));
}

TEST_F(TheAudit, HasNoAnswerYet) {
  answer_all(rows({"done", "outcome"}, {}));
  auto answer = read_answer(connection_, 41);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->has_value());
  answer_all(rows({"done", "outcome"}, {{"1", "applied"}}));
  answer = read_answer(connection_, 41);
  ASSERT_TRUE(answer && *answer);
  EXPECT_TRUE((*answer)->done);
  EXPECT_EQ((*answer)->outcome, "applied");
}

}  // namespace
}  // namespace farshore::store
