#include "store/parked.hpp"

#include <array>

#include "store/conflict.hpp"
#include "store/parked_first.hpp"
#include "unit/store/on_a_server.hpp"

namespace farshore::store {
namespace {

using mysql::test::ok;
using mysql::test::rows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kParkedNames{"schema_name", "table_name", "key_hash", "epoch",  "incarnation", "seq",
                                            "gtid",        "bytes",      "origin",   "stream", "part",        "reason"};

/// What could not be applied, in its three tables.
class KeptChanges : public test::WithAChange {
 protected:
  void answer_with_the_change() {
    answer_all(rows(kParkedNames, {{"shop", "orders", "0123456789abcdef", "2", "9", "17", "0-1-6", "bytes", "west",
                                    "main", "3", "refused"}}));
  }
  void expect_the_change(const KeptChange& kept) const {
    EXPECT_EQ(kept.partition, partition_);
    EXPECT_EQ(kept.key, key_);
    EXPECT_EQ(kept.epoch, change().epoch);
    EXPECT_EQ(kept.seq, Seq(17));
    EXPECT_EQ(kept.gtid, "0-1-6");
    EXPECT_EQ(kept.bytes, "bytes");
    EXPECT_EQ(kept.reason, "refused");
  }
};

constexpr const char* kOfPartition =
    "region='east' AND origin='west' AND stream='main' AND part=3 AND schema_name='shop' AND table_name='orders' AND "
    "key_hash=_binary'0123456789abcdef'";
constexpr const char* kOfOrigin =
    "region='east' AND origin='west' AND schema_name='shop' AND table_name='orders' AND "
    "key_hash=_binary'0123456789abcdef'";

TEST_F(KeptChanges, AreParkedInPlaceOfWhatTheKeyHas) {
  answer_all(ok(1));
  EXPECT_TRUE(park(connection_, "east", change(), {mysql::SqlErrorKind::kDuplicate, 1062, "23000", "it's there"}));
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre("INSERT INTO farshore.parked (region, origin, stream, part, schema_name, table_name, key_hash, "
                  "key_text, epoch, incarnation, seq, gtid, change_bytes, error_code, reason, attempts) VALUES "
                  "('east','west','main',3,'shop','orders',_binary'0123456789abcdef','5',2,9,17,'0-1-6',"
                  "_binary'bytes',1062,'it\\'s there',1) ON DUPLICATE KEY UPDATE key_text=VALUES(key_text), "
                  "epoch=VALUES(epoch), incarnation=VALUES(incarnation), seq=VALUES(seq), gtid=VALUES(gtid), "
                  "change_bytes=VALUES(change_bytes), error_code=VALUES(error_code), reason=VALUES(reason), "
                  "attempts=attempts+1, last_at=NOW(6)"));
}

TEST_F(KeptChanges, AreTakenAwayWithTheirTries) {
  answer_all(ok(1));
  EXPECT_TRUE(unpark(connection_, "east", partition_, key_));
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("DELETE FROM farshore.parked WHERE " + std::string(kOfPartition),
                          "DELETE FROM farshore.parked_try WHERE " + std::string(kOfPartition)));
}

TEST_F(KeptChanges, AreReadByKey) {
  server_.answer([](const std::string& statement) {
    if (statement.starts_with("SELECT OCTET_LENGTH")) return rows({"bytes"}, {{"5"}});
    return rows(kParkedNames, {{"shop", "orders", "0123456789abcdef", "2", "9", "17", "0-1-6", "bytes", "west", "main",
                                "3", "refused"}});
  });
  const auto found = read_parked(connection_, "east", partition_, {&key_, 1}, 1'000);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  expect_the_change(found->front());
  const std::string where =
      " FROM farshore.parked WHERE region='east' AND origin='west' AND stream='main' AND part=3 AND "
      "((schema_name='shop' AND table_name='orders' AND key_hash=_binary'0123456789abcdef')) ORDER BY schema_name, "
      "table_name, key_hash LIMIT 1";
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("SELECT OCTET_LENGTH(change_bytes)" + where,
                          "SELECT schema_name, table_name, key_hash, epoch, incarnation, seq, gtid, change_bytes, "
                          "origin, stream, part, reason" +
                              where));
}

TEST_F(KeptChanges, OfManyBytesAreReadInPart) {
  const auto limit_for = [&](std::vector<std::vector<mysql::test::Reply::Field>> sizes) {
    server_.answer([&](const std::string& statement) {
      return statement.starts_with("SELECT OCTET_LENGTH") ? rows({"bytes"}, sizes) : rows(kParkedNames, {});
    });
    EXPECT_TRUE(lock_parked(connection_, "east", {.origin = "west", .schema = "shop", .table = "orders"}, 50, 100));
    const auto statements = server_.take_statements();
    const std::string& last = statements.back();
    return last.substr(last.find(" LIMIT"));
  };
  EXPECT_EQ(limit_for({{"60"}, {"40"}, {"1"}}), " LIMIT 2 FOR UPDATE");
  EXPECT_EQ(limit_for({{"101"}, {"1"}}), " LIMIT 1 FOR UPDATE");
  EXPECT_EQ(limit_for({{"60"}, {"40"}}), " LIMIT 2 FOR UPDATE");
}

TEST_F(KeptChanges, OfNoKeyAreNotAskedFor) {
  EXPECT_TRUE(read_parked(connection_, "east", partition_, {}, 1'000));
  EXPECT_THAT(server_.take_statements(), IsEmpty());
}

TEST_F(KeptChanges, AreCountedButForTheseErrors) {
  answer_all(rows({"count"}, {{"4"}}));
  EXPECT_EQ(count_refused_otherwise(connection_, "east", {.origin = "west", .schema = "shop", .table = "orders"},
                                    std::array{1022, 1062}),
            4U);
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(HasSubstr("WHERE region='east' AND origin='west' AND schema_name='shop' AND "
                            "table_name='orders' AND COALESCE(t.error_code, p.error_code) NOT IN (1022,1062)")));
}

TEST_F(KeptChanges, HaveAFirstOne) {
  answer_with_the_change();
  const auto first = lock_first(connection_, "east", "west", key_);
  ASSERT_TRUE(first && *first);
  expect_the_change(**first);
  answer_all(ok(1));
  EXPECT_TRUE(keep_first(connection_, "east", partition_, key_));
  EXPECT_TRUE(put_first(connection_, "east", change()));
  EXPECT_TRUE(forget_first(connection_, "east", "west", key_));
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(HasSubstr("FROM farshore.parked_first WHERE " + std::string(kOfOrigin) + " FOR UPDATE"),
                  HasSubstr("FROM farshore.parked WHERE " + std::string(kOfPartition)),
                  HasSubstr(" VALUES ('east','west','main',3,2,9,17,'shop','orders',_binary'0123456789abcdef','0-1-6',"
                            "_binary'bytes','')"),
                  "DELETE FROM farshore.parked_first WHERE " + std::string(kOfOrigin)));
}

TEST_F(KeptChanges, AreForgottenByTable) {
  answer_all(ok(1));
  EXPECT_TRUE(forget_firsts_before(connection_, "east", "west", Epoch(3), {}));
  EXPECT_TRUE(forget_firsts_before(connection_, "east", "west", Epoch(3),
                                   std::array<std::string, 2>{"shop.orders", "shop.lines"}));
  const std::string of_epoch = "DELETE FROM farshore.parked_first WHERE region='east' AND origin='west' AND epoch<3";
  EXPECT_THAT(server_.take_statements(), ElementsAre(of_epoch, of_epoch + " AND CONCAT(schema_name,'.',table_name) IN "
                                                                          "('shop.orders','shop.lines')"));
}

TEST_F(KeptChanges, AreInConflictUntilThatEnds) {
  answer_all(ok(1));
  EXPECT_TRUE(add_conflict(connection_, "east", change(), "{\"id\":5}", "by rule"));
  EXPECT_TRUE(add_conflict(connection_, "east", change(), std::nullopt, "by rule"));
  EXPECT_TRUE(end_conflicts(connection_, "east", "west", key_, "superseded"));
  const std::string columns =
      "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, key_text, gtid, "
      "change_bytes, target_image, reason";
  const std::string insert = "INSERT INTO farshore.conflict (" + columns +
                             ") VALUES ('east','west','main',3,2,9,17,'shop','orders',_binary'0123456789abcdef','5',"
                             "'0-1-6',_binary'bytes',";
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(insert + "'{\"id\":5}','by rule')", insert + "NULL,'by rule')",
                  "INSERT INTO farshore.conflict_history (" + columns + ", how) SELECT " + columns +
                      ", 'superseded' FROM farshore.conflict WHERE " + kOfOrigin,
                  "DELETE FROM farshore.conflict WHERE " + std::string(kOfOrigin),
                  "DELETE FROM farshore.conflict_history WHERE region='east' AND ended_at < NOW(6) - INTERVAL 30 DAY "
                  "LIMIT 10"));
}

TEST_F(KeptChanges, AreFoundInConflictByTheirNumber) {
  answer_with_the_change();
  const auto found = lock_conflict(connection_, "east", partition_, key_, Epoch(2), Seq(17));
  ASSERT_TRUE(found && *found);
  expect_the_change(**found);
  EXPECT_THAT(
      server_.take_statements(),
      ElementsAre(HasSubstr("FROM farshore.conflict WHERE region='east' AND origin='west' AND stream='main' AND "
                            "part=3 AND epoch=2 AND seq=17 AND schema_name='shop'")));
}

}  // namespace
}  // namespace farshore::store
