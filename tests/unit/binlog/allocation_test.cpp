// Reading rows allocates nothing once the cursor has seen their table.

#include <gtest/gtest.h>

#include "counted_new.hpp"
#include "recorded.hpp"

namespace farshore::binlog {
namespace {

std::size_t read_rows(RowCursor& cursor, const Event& event) {
  std::size_t rows = 0;
  cursor.start(event.rows);
  for (RowChange change; cursor.next(change);) ++rows;
  return rows;
}

class Allocation : public testing::TestWithParam<const char*> {};

TEST_P(Allocation, rows_of_a_known_table_are_read_without) {
  Playback playback(GetParam());
  RowCursor cursor;
  std::size_t rows = 0;
  for (Event event = playback.next(); event.kind != Event::Kind::kNone; event = playback.next()) {
    if (event.kind != Event::Kind::kRows) continue;
    (void)read_rows(cursor, event);
    (void)read_rows(cursor, event);  // the memory of the widest row is one piece now
    const std::size_t before = allocations_so_far();
    rows += read_rows(cursor, event);
    EXPECT_EQ(allocations_so_far(), before) << event.rows.table->name;
  }
  EXPECT_GT(rows, 0U);
}

TEST_P(Allocation, a_whole_replay_takes_no_more_than_its_statements) {
  const std::string bytes = read_data(GetParam());
  const std::vector<RawEvent> events = split_events(bytes);
  EventDecoder decoder(kind_of_recording(GetParam()));
  for (const RawEvent& raw : events) ASSERT_TRUE(decoder.decode(raw).has_value());
  for (const RawEvent& raw : events) {
    const bool may_allocate = raw.header.type == EventType::kRotate || raw.header.type == EventType::kQuery;
    const std::size_t before = allocations_so_far();
    const bool decoded = decoder.decode(raw).has_value();
    const std::size_t taken = allocations_so_far() - before;
    EXPECT_TRUE(decoded);
    EXPECT_TRUE(may_allocate || taken == 0) << to_string(raw.header.type);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, Allocation, testing::Values("mysql-types.binlog", "mariadb-types.binlog"),
                         [](const auto& tested) { return std::string(tested.param).substr(0, 5); });

}  // namespace
}  // namespace farshore::binlog
