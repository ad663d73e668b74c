#include "mysql/connection.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "scripted_server.hpp"

namespace farshore::mysql {
namespace {

using test::fails;
using test::hangs_up;
using test::ok;
using test::rows;
using test::ScriptedServer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ASession : public ::testing::Test {
 protected:
  Connection open(const SessionSettings& settings = {}) {
    auto connection = Connection::open(server_.endpoint(), settings);
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  ScriptedServer server_;
};

TEST_F(ASession, IsSetUpBeforeItIsUsed) {
  SessionSettings settings;
  settings.wait_timeout = std::chrono::seconds(4);
  settings.lock_wait_timeout = std::chrono::seconds(2);
  settings.metadata_wait_timeout = std::chrono::seconds(1);
  settings.foreign_key_checks = false;
  settings.autocommit = false;
  (void)open(settings);
  const auto setup = server_.setup_statements();
  EXPECT_THAT(setup, Contains("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  EXPECT_EQ(setup.back(),
            "SET NAMES utf8mb4, time_zone='+00:00', lc_messages='en_US', sql_quote_show_create=1, "
            "sql_select_limit=18446744073709551615, "
            "sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES', "
            "wait_timeout=4, innodb_lock_wait_timeout=2, lock_wait_timeout=1, unique_checks=1, foreign_key_checks=0, "
            "autocommit=0");
}

TEST_F(ASession, TellsTheServerWhoseItIs) {
  SessionSettings settings;
  settings.program_name = "farshore apply";
  (void)open(settings);
  EXPECT_THAT(server_.last_greeting(), HasSubstr("\x0Cprogram_name\x0E"
                                                 "farshore apply"));
}

TEST_F(ASession, GivesTheNumberOfRowsThatAStatementFound) {
  Connection connection = open();
  server_.answer([](const std::string&) { return ok(3); });
  EXPECT_EQ(connection.execute("UPDATE t SET a=1"), 3U);
  EXPECT_THAT(server_.take_statements(), ElementsAre("UPDATE t SET a=1"));
}

TEST_F(ASession, SendsBytesAsTheyAre) {
  Connection connection = open();
  const std::string statement = std::string("INSERT INTO t VALUES ('\xFF\xC3") + '\0' + "')";
  ASSERT_TRUE(connection.execute(statement));
  EXPECT_THAT(server_.take_statements(), ElementsAre(statement));
}

TEST_F(ASession, ReadsRowsWithTheirNulls) {
  Connection connection = open();
  server_.answer(
      [](const std::string&) { return rows({"id", "Note"}, {{"1", std::nullopt}, {"-2", std::string("a\0b", 3)}}); });
  const auto answer = connection.query("SELECT id, note FROM t");
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->size(), 2U);
  EXPECT_EQ(answer->integer(0, 0), 1);
  EXPECT_FALSE(answer->rows[0][1].has_value());
  EXPECT_EQ(answer->text(0, 1), "");
  EXPECT_EQ(answer->integer(1, 0), -2);
  EXPECT_EQ(answer->text(1, 1), std::string("a\0b", 3));
  EXPECT_EQ(answer->find("NOTE"), 1U);
  EXPECT_FALSE(answer->find("other").has_value());
}

TEST_F(ASession, AnErrorOfAStatementLeavesItUsable) {
  Connection connection = open();
  server_.answer([](const std::string& statement) {
    return statement == "bad" ? fails(1062, "Duplicate entry '1' for key 'PRIMARY'") : ok(1);
  });
  const auto failed = connection.execute("bad");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, SqlErrorKind::kDuplicate);
  EXPECT_EQ(failed.error().code, 1062);
  EXPECT_THAT(failed.error().message, HasSubstr("'PRIMARY'"));
  EXPECT_FALSE(connection.lost());
  EXPECT_TRUE(connection.execute("good"));
}

TEST_F(ASession, DoesNotSendWhatIsAboveThePacket) {
  Connection connection = open();
  connection.limit_packets(1000);
  (void)server_.take_statements();
  for (const auto& failed : {connection.execute(std::string(937, 'x')), connection.execute(std::string(5000, 'x'))}) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, SqlErrorKind::kPacketTooLarge);
    EXPECT_THAT(failed.error().message, HasSubstr("max_allowed_packet is 1000: raise it"));
  }
  EXPECT_FALSE(connection.query(std::string(5000, 'x')));
  EXPECT_TRUE(connection.execute(std::string(936, 'x')));
  EXPECT_THAT(server_.take_statements(), ElementsAre(std::string(936, 'x')));
}

TEST_F(ASession, ThatTheServerEndsIsLostForGood) {
  Connection connection = open();
  server_.answer([](const std::string&) { return hangs_up(); });
  const auto failed = connection.execute("COMMIT");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, SqlErrorKind::kConnectionLost);
  EXPECT_TRUE(connection.lost());
  server_.answer([](const std::string&) { return ok(); });
  (void)server_.take_statements();
  const auto again = connection.execute("UPDATE t SET a=1");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, SqlErrorKind::kConnectionLost);
  EXPECT_THAT(server_.take_statements(), ElementsAre()) << "it never reconnects by itself";
  EXPECT_EQ(server_.sessions(), 1U);
}

TEST_F(ASession, CommitsAndRollsBackInWords) {
  Connection connection = open();
  EXPECT_TRUE(connection.commit());
  EXPECT_TRUE(connection.rollback());
  EXPECT_THAT(server_.take_statements(), ElementsAre("COMMIT", "ROLLBACK"));
}

TEST_F(ASession, WithoutTlsIsRefusedWhereTlsIsAskedFor) {
  DatabaseEndpoint endpoint = server_.endpoint();
  endpoint.tls.mode = TlsMode::kRequired;
  const auto opened = Connection::open(endpoint, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, SqlErrorKind::kTls) << opened.error().to_string();
}

TEST(NoServer, IsUnreachable) {
  DatabaseEndpoint endpoint;
  endpoint.socket = "/nowhere/mysqld.sock";
  const auto opened = Connection::open(endpoint, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, SqlErrorKind::kUnreachable);
}

}  // namespace
}  // namespace farshore::mysql
