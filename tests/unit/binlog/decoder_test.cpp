// What the decoder refuses, and says about it.

#include "binlog/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binlog/row_cursor.hpp"
#include "made_events.hpp"

namespace farshore::binlog {
namespace {

using testing::HasSubstr;

class Decoder : public testing::Test {
 protected:
  /// Decodes what must be fine.
  Event take(const MadeEvent& event) {
    auto decoded = decoder_.decode(keep(event));
    EXPECT_TRUE(decoded.has_value()) << decoded.error().to_string();
    return decoded.value_or(Event{});
  }
  /// The refusal's sentence.
  std::string refuse(const MadeEvent& event) {
    auto decoded = decoder_.decode(keep(event));
    EXPECT_FALSE(decoded.has_value());
    return decoded ? std::string() : decoded.error().to_string();
  }
  void begin() {
    take(made_mysql_gtid(1));
    take(made_query("BEGIN"));
  }

  EventDecoder decoder_{ServerKind::kMysql};

 private:
  RawEvent keep(const MadeEvent& event) {
    kept_.push_back(std::make_unique<MadeEvent>(event));
    return kept_.back()->raw();
  }
  std::vector<std::unique_ptr<MadeEvent>> kept_;
};

TEST_F(Decoder, reads_a_row) {
  begin();
  take(made_table_map(42));
  const Event event = take(made_insert(42, -5));
  ASSERT_EQ(event.kind, Event::Kind::kRows);
  RowCursor cursor(event.rows);
  RowChange change;
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.after[0], Value::of_int(-5));
  EXPECT_FALSE(cursor.next(change));
  EXPECT_EQ(take(made(EventType::kXid, std::string(8, '\0'))).kind, Event::Kind::kCommit);
}

TEST_F(Decoder, tells_that_the_session_checked_no_foreign_keys) {
  begin();
  take(made_table_map(42));
  EXPECT_FALSE(take(made_insert(42, 1)).rows.foreign_keys_off);
  take(made_table_map(42));
  MadeEvent unchecked = made_insert(42, 2);
  unchecked.body[6] = 3;  // the statement's end, and no foreign key checks
  const Event event = take(unchecked);
  EXPECT_TRUE(event.rows.foreign_keys_off);
  EXPECT_TRUE(event.rows.statement_end);
}

TEST_F(Decoder, names_the_transaction_inside_which_a_binlog_ends) {
  MadeEvent head = made(EventType::kFormatDescription);
  EXPECT_EQ(take(head).kind, Event::Kind::kNone);
  begin();
  EXPECT_EQ(take(head).kind, Event::Kind::kNone) << "the dump thread's own";
  head.header.log_pos = 256;
  EXPECT_THAT(refuse(head), HasSubstr("ends inside transaction 11111111-1111-1111-1111-111111111111:1"));
}

TEST_F(Decoder, version_1_rows_have_no_extra_data) {
  begin();
  take(made_table_map(42));
  const Event event = take(made_insert(42, 9, 1, 0xFF, EventType::kWriteRowsV1));
  RowCursor cursor(event.rows);
  RowChange change;
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.after[0], Value::of_int(9));
}

TEST_F(Decoder, a_refusal_names_table_event_and_place) {
  take(made(EventType::kRotate, Bytes().number<std::uint64_t>(4).text("bin.000007").str()));
  begin();
  take(made_table_map(42, "orders", {}));
  const std::string sentence = refuse(made_insert(42, 1));
  EXPECT_THAT(sentence, HasSubstr("WRITE_ROWS"));
  EXPECT_THAT(sentence, HasSubstr("shop.orders"));
  EXPECT_THAT(sentence, HasSubstr("bin.000007:"));
  EXPECT_THAT(sentence, HasSubstr("binlog_row_metadata=FULL"));
}

TEST_F(Decoder, a_table_that_cannot_be_read_stops_only_at_its_rows) {
  begin();
  take(made_table_map(42, "unreadable", {}));
  take(made_table_map(43, "readable"));
  EXPECT_EQ(take(made_insert(43, 1)).kind, Event::Kind::kRows);
}

TEST_F(Decoder, a_table_outside_the_filter_may_be_unreadable) {
  decoder_.set_table_filter([](std::string_view, std::string_view) { return false; });
  begin();
  take(made_table_map(42, "t", {}));
  const Event event = take(made_insert(42, 1, 1, 0x00, EventType::kPartialUpdateRows));
  EXPECT_EQ(event.kind, Event::Kind::kRows);
  EXPECT_FALSE(event.rows.table->captured);
}

TEST_F(Decoder, row_images_that_lack_columns_are_refused) {
  begin();
  take(made_table_map(42));
  EXPECT_THAT(refuse(made_insert(42, 1, 1, 0x00)), HasSubstr("binlog_row_image=FULL"));
}

TEST_F(Decoder, rows_of_another_width_than_their_table_are_refused) {
  begin();
  take(made_table_map(42));
  EXPECT_THAT(refuse(made_insert(42, 1, 2)), HasSubstr("another number of columns"));
}

TEST_F(Decoder, rows_of_a_table_that_was_not_described_are_refused) {
  begin();
  EXPECT_THAT(refuse(made_insert(42, 1)), HasSubstr("not described"));
}

TEST_F(Decoder, descriptions_do_not_outlive_their_statement) {
  begin();
  take(made_table_map(42));
  take(made_insert(42, 1));
  EXPECT_THAT(refuse(made_insert(42, 2)), HasSubstr("not described"));
}

TEST_F(Decoder, event_kinds_that_carry_rows_unread_are_refused) {
  const std::pair<EventType, const char*> kRefused[] = {{EventType::kTransactionPayload, "capture.max_event_bytes"},
                                                        {EventType::kXaPrepare, "XA"},
                                                        {EventType::kIncident, "missing"},
                                                        {EventType::kAnonymousGtid, "gtid_mode=ON"},
                                                        {EventType::kGtidTagged, "tag"},
                                                        {EventType::kMariadbQueryCompressed, "capture.max_event_bytes"},
                                                        {EventType::kMariadbPartialRowData, "fragment"},
                                                        {static_cast<EventType>(99), "99"}};
  for (const auto& [type, word] : kRefused) EXPECT_THAT(refuse(made(type)), HasSubstr(word));
}

TEST_F(Decoder, partial_and_compressed_rows_are_refused_with_their_table) {
  const std::pair<EventType, const char*> kRefused[] = {
      {EventType::kPartialUpdateRows, "binlog_row_value_options"},
      {EventType::kMariadbWriteRowsCompressed, "capture.max_event_bytes"},
      {EventType::kMariadbUpdateRowsCompressed, "capture.max_event_bytes"},
      {EventType::kMariadbDeleteRowsCompressed, "capture.max_event_bytes"}};
  begin();
  for (const auto& [type, word] : kRefused) {
    take(made_table_map(42, "docs"));
    const std::string sentence = refuse(made_insert(42, 1, 1, 0xFF, type));
    EXPECT_THAT(sentence, HasSubstr(word));
    EXPECT_THAT(sentence, HasSubstr("shop.docs"));
  }
}

TEST_F(Decoder, unknown_events_that_say_so_may_be_left_out) {
  MadeEvent event = made(static_cast<EventType>(99));
  event.header.flags = EventHeader::kFlagIgnorable;
  EXPECT_EQ(take(event).kind, Event::Kind::kNone);
}

TEST_F(Decoder, rows_and_commits_belong_into_a_transaction) {
  EXPECT_THAT(refuse(made_table_map(42)), HasSubstr("outside of a transaction"));
  EXPECT_THAT(refuse(made(EventType::kXid)), HasSubstr("outside of a transaction"));
  EXPECT_THAT(refuse(made_query("BEGIN")), HasSubstr("outside of a transaction"));
}

TEST_F(Decoder, a_transaction_that_does_not_end_is_refused) {
  begin();
  EXPECT_THAT(refuse(made_mysql_gtid(2)), HasSubstr("did not end"));
}

TEST_F(Decoder, rows_that_are_rolled_back_in_the_binlog_are_told) {
  begin();
  take(made_query("SAVEPOINT `a`"));
  for (const std::string_view sql : {"ROLLBACK TO `a`", "ROLLBACK WORK TO SAVEPOINT a"}) {
    const Event part = take(made_query(sql));
    EXPECT_EQ(part.kind, Event::Kind::kRollback);
    EXPECT_FALSE(part.ends_transaction);
    EXPECT_TRUE(decoder_.in_transaction());
  }
  const Event all = take(made_query("ROLLBACK"));
  EXPECT_EQ(all.kind, Event::Kind::kRollback);
  EXPECT_EQ(all.sql, "ROLLBACK");
  EXPECT_TRUE(all.ends_transaction);
  EXPECT_FALSE(decoder_.in_transaction());
  EXPECT_THAT(refuse(made_query("ROLLBACK")), HasSubstr("outside of a transaction"));
}

TEST_F(Decoder, xa_is_refused_where_it_cannot_stand) {
  begin();
  EXPECT_THAT(refuse(made_query("XA START X'31',X'',1")), HasSubstr("XA"));
  EXPECT_THAT(refuse(made_query("XA END X'31',X'',1")), HasSubstr("XA")) << "it did not begin as one";
  EXPECT_THAT(refuse(made_query("XA COMMIT X'31',X'',1")), HasSubstr("XA"));
  const std::string prepare = Bytes().number<std::uint8_t>(0).number<std::uint32_t>(1).str() + std::string(8, '\0');
  EXPECT_THAT(refuse(made(EventType::kXaPrepare, prepare)), HasSubstr("XA"));
}

TEST_F(Decoder, an_xa_prepare_has_the_name_of_its_xa_end) {
  const auto prepare = [](std::string_view bytes) { return made(EventType::kXaPrepare, std::string(bytes)); };
  take(made_mysql_gtid(1));
  take(made_query("XA START X'31',X'',1"));
  EXPECT_THAT(refuse(prepare("\1")), HasSubstr("outside of its transaction"));
  EXPECT_THAT(refuse(made_query("XA END X'" + std::string(300, '3') + "',X'',1")), HasSubstr("too long"));
  take(made_query("XA END X'31',X'',4294967297"));
  EXPECT_THAT(refuse(prepare("")), HasSubstr("malformed"));
  EXPECT_EQ(take(prepare(std::string_view("\0", 1))).xid, "X'31',X''");
}

TEST_F(Decoder, what_is_kept_of_an_xa_transaction_is_read_again_at_its_end) {
  take(made_mysql_gtid(1));
  take(made_query("XA COMMIT X'31',X'',1"));
  const BinlogFilePosition end = decoder_.position();
  const auto again = [&](const MadeEvent& event) { return decoder_.decode_again(event.raw()); };
  ASSERT_TRUE(again(made_table_map(42)).has_value());
  const MadeEvent rows = made_insert(42, 1);
  const auto event = decoder_.decode_again(rows.raw());
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind, Event::Kind::kRows);
  EXPECT_FALSE(event->rows.of_xa);
  EXPECT_EQ(decoder_.position().offset, end.offset);
  EXPECT_FALSE(decoder_.in_transaction());
  EXPECT_FALSE(again(made_query("COMMIT")).has_value());
}

TEST_F(Decoder, a_routine_that_ends_like_create_table_from_select_is_a_transaction_of_its_own) {
  for (const std::string_view sql : {"CREATE DEFINER=`a`@`b` PROCEDURE `p`()\nSTART TRANSACTION",
                                     "CREATE DEFINER=`a`@`b` EVENT `e` ON SCHEDULE EVERY 1 DAY DO START TRANSACTION"}) {
    take(made_mysql_gtid(1));
    EXPECT_TRUE(take(made_query(sql)).ends_transaction) << sql;
    EXPECT_FALSE(decoder_.in_transaction()) << sql;
  }
  take(made_mysql_gtid(2));
  EXPECT_FALSE(take(made_query("CREATE TABLE `t` (`a` int) START TRANSACTION")).ends_transaction);
  EXPECT_TRUE(decoder_.in_transaction());
}

TEST_F(Decoder, a_comment_that_ends_like_create_table_from_select_opens_no_transaction) {
  for (const std::string_view sql :
       {"CREATE TABLE t (a INT) -- START TRANSACTION", "CREATE TABLE t (a INT) # as in START TRANSACTION",
        "CREATE TABLE t (a INT) COMMENT 'it is no START TRANSACTION"}) {
    take(made_mysql_gtid(1));
    EXPECT_TRUE(take(made_query(sql)).ends_transaction) << sql;
  }
}

TEST_F(Decoder, statements_come_with_their_sessions_dialect) {
  using namespace std::string_view_literals;
  // flags, sql_mode NO_BACKSLASH_ESCAPES, catalog, AUTO_INCREMENT, collations of a gbk client, time zone
  constexpr auto kStatus =
      "\x00\0\0\0\0"
      "\x01\x00\x00\x10\x00\0\0\0\0"
      "\x06\x03std"
      "\x03\x02\x00\x01\x00"
      "\x04\x1C\x00\x1C\x00\xFF\x00"
      "\x05\x03UTC"sv;
  take(made_mysql_gtid(1));
  EXPECT_EQ(
      take(made_query("TRUNCATE t", "shop", kStatus)).dialect,
      (SqlDialect{.backslash_escapes = false, .double_quotes_names = false, .charset = SqlDialect::Charset::kGbk}));
  for (std::size_t size = 0; size < kStatus.size(); ++size) {
    take(made_mysql_gtid(1));
    (void)take(made_query("TRUNCATE t", "shop", kStatus.substr(0, size)));
  }
}

TEST_F(Decoder, the_other_kind_of_server_is_refused) {
  EXPECT_THAT(refuse(made_mariadb_gtid(1, 0)), HasSubstr("kind of server"));
}

TEST_F(Decoder, statements_in_a_transaction_are_given) {
  begin();
  const Event event = take(made_query("INSERT INTO t VALUES (UUID())"));
  EXPECT_EQ(event.kind, Event::Kind::kStatement);
  EXPECT_EQ(event.default_schema, "shop");
  EXPECT_FALSE(event.ends_transaction);
  EXPECT_EQ(take(made_query("COMMIT")).kind, Event::Kind::kCommit);
}

TEST(MariadbDecoder, a_group_begins_with_its_gtid_and_a_standalone_one_is_a_statement) {
  EventDecoder decoder(ServerKind::kMariadb);
  const MadeEvent group = made_mariadb_gtid(5, 0);
  const auto begin = decoder.decode(group.raw());
  ASSERT_TRUE(begin.has_value());
  EXPECT_EQ(begin->gtid.to_string(), "3-7-5");
  EXPECT_EQ(begin->commit_time.time_since_epoch(), std::chrono::seconds(1'700'000'000));
  ASSERT_TRUE(decoder.decode(made_table_map(1).raw()).has_value());
  ASSERT_TRUE(decoder.decode(made_query("COMMIT").raw()).has_value());
  EXPECT_FALSE(decoder.in_transaction());

  ASSERT_TRUE(decoder.decode(made_mariadb_gtid(6, 1).raw()).has_value());
  const MadeEvent ddl = made_query("DROP TABLE t");
  const auto statement = decoder.decode(ddl.raw());
  ASSERT_TRUE(statement.has_value());
  EXPECT_TRUE(statement->ends_transaction);
}

TEST(MariadbDecoder, an_alter_in_two_phases_is_a_statement_once_and_none_when_it_fails) {
  constexpr std::uint8_t kStart = 2;
  constexpr std::uint8_t kCommit = 4;
  constexpr std::uint8_t kRollback = 8;
  const std::string_view sql = "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a";
  for (const bool grouped : {false, true}) {
    EventDecoder decoder(ServerKind::kMariadb);
    const auto take = [&](const MadeEvent& gtid) {
      EXPECT_EQ(decoder.decode(gtid.raw())->kind, Event::Kind::kBegin);
      const MadeEvent query = made_query(sql);
      const auto event = decoder.decode(query.raw());
      EXPECT_TRUE(event.has_value() && event->ends_transaction && !decoder.in_transaction());
      EXPECT_EQ(event->sql, sql) << "what tells it apart from another transaction of its GTID";
      return event->kind;
    };
    EXPECT_EQ(take(made_alter_gtid(5, kStart, 0, grouped)), Event::Kind::kCommit);
    EXPECT_EQ(take(made_alter_gtid(6, kCommit, 5, grouped)), Event::Kind::kStatement);
    EXPECT_EQ(take(made_alter_gtid(7, kStart, 0, grouped)), Event::Kind::kCommit);
    EXPECT_EQ(take(made_alter_gtid(8, kRollback, 7, grouped)), Event::Kind::kCommit);
    EXPECT_EQ(take(made_alter_gtid(9, 0, 0, grouped)), Event::Kind::kStatement) << "in one phase";
  }
  EventDecoder decoder(ServerKind::kMariadb);
  EXPECT_FALSE(decoder.decode(made_mariadb_gtid(5, 2).raw()).has_value()) << "cut off";
}

TEST(MariadbDecoder, a_rename_and_what_is_marked_as_the_sessions_own_may_be_of_temporary_tables) {
  EventDecoder decoder(ServerKind::kMariadb);
  const auto may_be_temporary = [&](std::string_view sql, std::uint16_t flags) {
    EXPECT_TRUE(decoder.decode(made_mariadb_gtid(5, 1).raw()).has_value());
    MadeEvent query = made_query(sql);
    query.header.flags = flags;
    return decoder.decode(query.raw())->may_be_temporary;
  };
  EXPECT_TRUE(may_be_temporary("RENAME TABLE a TO b", 0));
  EXPECT_TRUE(may_be_temporary("TRUNCATE a", EventHeader::kFlagThreadSpecific));
  EXPECT_FALSE(may_be_temporary("TRUNCATE a", 0));
  EXPECT_FALSE(may_be_temporary("ALTER TABLE a RENAME b", 0));
}

TEST(MariadbDecoder, a_gtid_of_xa_whose_name_is_cut_off_is_refused) {
  for (const std::uint8_t flag : {std::uint8_t{64}, std::uint8_t{128}}) {
    EventDecoder decoder(ServerKind::kMariadb);
    const auto refused = decoder.decode(made_mariadb_gtid(5, flag).raw());
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("malformed"));
  }
}

TEST_F(Decoder, sizes_are_added_up_where_the_server_does_not_know_the_position) {
  take(made(EventType::kRotate, Bytes().number<std::uint64_t>(1000).text("bin.000001").str()));
  const MadeEvent gtid = made_mysql_gtid(1);
  take(gtid);
  EXPECT_EQ(decoder_.event_position().offset, 1000U);
  EXPECT_EQ(decoder_.position().offset, 1000U + gtid.header.size);
}

TEST_F(Decoder, positions_beyond_4_gib_go_on_growing) {
  constexpr std::uint64_t kFar = (std::uint64_t{1} << 32) - 10;
  take(made(EventType::kRotate, Bytes().number(kFar).text("bin.000001").str()));
  MadeEvent gtid = made_mysql_gtid(1);
  gtid.header.log_pos = static_cast<std::uint32_t>(kFar + gtid.header.size);
  take(gtid);
  EXPECT_EQ(decoder_.position().offset, kFar + gtid.header.size);
}

}  // namespace
}  // namespace farshore::binlog
