// How transactions, statements and keys come out of the recorded binlogs.

#include <gtest/gtest.h>

#include <set>

#include "recorded.hpp"

namespace farshore::binlog {
namespace {

class Transactions : public testing::TestWithParam<const char*> {
 protected:
  std::string recording() const { return std::string(GetParam()) + "-transactions.binlog"; }
  bool is_mysql() const { return std::string(GetParam()) == "mysql"; }
};

INSTANTIATE_TEST_SUITE_P(Servers, Transactions, testing::Values("mysql", "mariadb"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(Transactions, every_transaction_begins_with_its_gtid_and_ends_once) {
  Playback playback(recording());
  OriginPosition position;
  bool inside = false;
  for (Event event = playback.next(); event.kind != Event::Kind::kNone; event = playback.next()) {
    if (event.kind == Event::Kind::kBegin) {
      EXPECT_FALSE(inside);
      EXPECT_FALSE(position.contains(event.gtid));
      position.add(event.gtid);
      inside = true;
    } else {
      EXPECT_TRUE(inside);
      inside = !event.ends_transaction;
    }
    EXPECT_EQ(playback.decoder().in_transaction(), inside);
  }
  EXPECT_FALSE(inside);
  EXPECT_FALSE(position.empty());
}

TEST_P(Transactions, the_commit_time_is_that_of_the_source) {
  Playback playback(recording());
  const Event begin = playback.next();
  ASSERT_EQ(begin.kind, Event::Kind::kBegin);
  const std::int64_t micros = begin.commit_time.time_since_epoch().count();
  EXPECT_GT(micros, 1'700'000'000'000'000);
  if (!is_mysql()) {
    EXPECT_EQ(micros % 1'000'000, 0) << "MariaDB's binlog has whole seconds";
  }
}

TEST_P(Transactions, ddl_is_a_transaction_of_its_own) {
  Playback playback(recording());
  (void)playback.next();
  const Event statement = playback.next();
  ASSERT_EQ(statement.kind, Event::Kind::kStatement);
  EXPECT_EQ(statement.sql, "CREATE DATABASE golden");
  EXPECT_TRUE(statement.ends_transaction);
}

TEST_P(Transactions, an_update_has_both_images_and_a_delete_the_old_one) {
  Playback playback(recording());
  RowCursor cursor;
  RowChange change;
  EXPECT_EQ(playback.next_rows_of("composite").rows.op, RowChangeKind::kInsert);

  const Event update = playback.next_rows_of("composite");
  EXPECT_EQ(update.rows.op, RowChangeKind::kUpdate);
  EXPECT_TRUE(update.rows.statement_end);
  cursor.start(update.rows);
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.before[2], Value::of_int(1));
  EXPECT_EQ(change.after[2], Value::of_int(11));
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.before[1], Value::of_bytes("y"));
  ASSERT_FALSE(cursor.next(change));
  EXPECT_EQ(cursor.error(), "");

  const Event key_change = playback.next_rows_of("composite");
  cursor.start(key_change.rows);
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.before[1], Value::of_bytes("z"));
  EXPECT_EQ(change.after[1], Value::of_bytes("w"));

  const Event deletion = playback.next_rows_of("composite");
  EXPECT_EQ(deletion.rows.op, RowChangeKind::kDelete);
  cursor.start(deletion.rows);
  ASSERT_TRUE(cursor.next(change));
  EXPECT_TRUE(change.after.empty());
  EXPECT_EQ(change.before[2], Value::of_int(11));
}

TEST_P(Transactions, the_key_has_the_primary_keys_order) {
  Playback playback(recording());
  const TableMap& composite = *playback.next_rows_of("composite").rows.table;
  EXPECT_EQ(composite.shape->key, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_TRUE(composite.prefix_columns.empty());
  const TableMap& prefixed = *playback.next_rows_of("prefixed").rows.table;
  EXPECT_EQ(prefixed.shape->key, std::vector<std::uint32_t>{0});
  EXPECT_EQ(prefixed.prefix_columns, std::vector<std::uint32_t>{0});
  EXPECT_TRUE(playback.next_rows_of("keyless").rows.table->shape->key.empty());
}

TEST_P(Transactions, generated_columns_are_in_the_row) {
  Playback playback(recording());
  const Event event = playback.next_rows_of("generated_columns");
  RowCursor cursor(event.rows);
  RowChange change;
  ASSERT_TRUE(cursor.next(change));
  EXPECT_EQ(change.after[2], Value::of_int(20));
  EXPECT_EQ(change.after[3], Value::of_int(30));
}

TEST_P(Transactions, what_was_rolled_back_to_a_savepoint_is_not_there) {
  Playback playback(recording());
  (void)playback.next_rows_of("keyless");
  std::set<std::int64_t> seen;
  RowCursor cursor;
  for (int rows = 0; rows < 2; ++rows) {
    const Event event = playback.next_rows_of("keyless");
    cursor.start(event.rows);
    for (RowChange change; cursor.next(change);) seen.insert(change.after[0].as_int());
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{2, 4}));
}

TEST_P(Transactions, create_table_from_select_is_one_transaction_with_its_rows) {
  Playback playback(recording());
  Event event = playback.next();
  while (!(event.kind == Event::Kind::kStatement && event.sql.find("copy_of_keyless") != std::string_view::npos)) {
    event = playback.next();
    ASSERT_NE(event.kind, Event::Kind::kNone);
  }
  EXPECT_FALSE(event.ends_transaction);
  EXPECT_EQ(playback.next().kind, Event::Kind::kRows);
  while (event.kind != Event::Kind::kCommit) {
    event = playback.next();
    ASSERT_TRUE(event.kind == Event::Kind::kRows || event.kind == Event::Kind::kCommit);
  }
}

TEST_P(Transactions, a_table_without_transactions_ends_with_commit_too) {
  Playback playback(recording());
  const Event rows = playback.next_rows_of("alone");
  EXPECT_FALSE(rows.ends_transaction);
  EXPECT_EQ(playback.next().kind, Event::Kind::kCommit);
}

TEST_P(Transactions, the_position_is_that_of_the_file) {
  const std::string bytes = read_data(recording());
  EventDecoder decoder(kind_of_recording(recording()));
  std::uint64_t offset = 4;
  BinlogFileReader reader(bytes);
  while (!reader.done()) {
    const auto event = reader.next();
    ASSERT_TRUE(event.has_value());
    ASSERT_TRUE(decoder.decode(*event).has_value());
    if (event->header.type == EventType::kRotate) {
      EXPECT_EQ(decoder.position().offset, 4U);
      EXPECT_TRUE(decoder.position().file.starts_with("bin.")) << decoder.position().file;
      break;
    }
    EXPECT_EQ(decoder.event_position().offset, offset);
    offset += event->header.size;
    EXPECT_EQ(decoder.position().offset, offset);
  }
}

TEST_P(Transactions, rows_of_tables_outside_the_filter_are_given_unread) {
  const std::string bytes = read_data(recording());
  EventDecoder decoder(kind_of_recording(recording()));
  std::multiset<std::string> asked;
  decoder.set_table_filter([&](std::string_view schema, std::string_view table) {
    asked.insert(std::string(schema) + "." + std::string(table));
    return table == "composite";
  });
  for (const RawEvent& raw : split_events(bytes)) {
    const auto event = decoder.decode(raw);
    ASSERT_TRUE(event.has_value());
    if (event->kind != Event::Kind::kRows) continue;
    const TableMap& table = *event->rows.table;
    EXPECT_EQ(table.captured, table.name == "composite");
    EXPECT_EQ(table.shape != nullptr, table.captured);
    EXPECT_FALSE(event->rows.body_after_table_id.empty());
  }
  EXPECT_EQ(asked.count("golden.composite"), 1U) << "asked once for a definition, not for each statement";
}

TEST_P(Transactions, equal_definitions_share_one_shape) {
  Playback playback(recording());
  const TableMap* first = playback.next_rows_of("composite").rows.table;
  const std::uint64_t shape_id = first->shape_id;
  const TableShape* shape = first->shape.get();
  const TableMap* second = playback.next_rows_of("composite").rows.table;
  EXPECT_EQ(second->shape_id, shape_id);
  EXPECT_EQ(second->shape.get(), shape);
  EXPECT_NE(playback.next_rows_of("prefixed").rows.table->shape_id, shape_id);
}

}  // namespace
}  // namespace farshore::binlog
