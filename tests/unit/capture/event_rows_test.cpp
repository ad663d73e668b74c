#include "capture/publish/event_rows.hpp"

#include <gmock/gmock.h>

#include <string>

#include "capture/counts.hpp"
#include "change/batch_reader.hpp"
#include "row_events.hpp"
#include "rows.hpp"

namespace farshore::capture {
namespace {

using test::image;
using test::Row;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Events to one partition, without a source and without Kafka.
class EventsRows : public ::testing::Test {
 protected:
  EventsRows() {
    writers_.emplace_back("east", "main", PartitionId(0), counts_.repeated_rows);
    writers_.front().start({Epoch(3), Incarnation(77)}, Seq(1), {});
    transaction_.serial = 1;
    transaction_.gtid = "t:1";
    numberer_.begin(transaction_);
  }

  std::optional<RowsRefusal> add(binlog::RowChangeKind op, const std::string& images, bool foreign_keys_off = false) {
    return event_rows_.add({.op = op,
                            .table = &orders_,
                            .rows = images,
                            .body_after_table_id = images,
                            .statement_end = true,
                            .foreign_keys_off = foreign_keys_off});
  }
  /// What is numbered.
  std::vector<std::string> numbered() {
    change::BatchBuilder& builder = writers_.front().builder();
    if (builder.empty()) return {};
    const change::EncodedRecord record = builder.finish(LocalTime{});
    change::TableCache tables;
    change::Batch batch;
    EXPECT_TRUE(change::read_batch(record.header, record.value, tables, batch));
    std::vector<std::string> all;
    for (const change::ChangeView& change : batch.changes()) all.push_back(test::words(change));
    builder.clear();
    return all;
  }

  static change::TableRules rules() {
    return *change::TableRules::make({{.name = "main", .tables = {"shop.*"}, .partitions = 1}}, {});
  }

  binlog::TableMap orders_ = test::table_map("orders", 1);
  const change::TableRules rules_ = rules();
  const Partitions partitions_{rules_.numbering()};
  Counts::Stream counts_;
  std::vector<PartitionWriter> writers_;
  KeyShapes shapes_{{}};
  RowRouter router_{rules_, partitions_, ServerKind::kMysql, &shapes_};
  Numberer numberer_{writers_, {}, [](Slot) {}};
  EventRows event_rows_{router_, numberer_};
  change::SourceTransaction transaction_;
};

TEST_F(EventsRows, AreNumberedAsTheirEventSays) {
  EXPECT_FALSE(add(binlog::RowChangeKind::kInsert, image({1, 10}) + image({2, 20})));
  EXPECT_FALSE(add(binlog::RowChangeKind::kUpdate, image({1, 10}) + image({1, 11}) + image({2, 20}) + image({3, 20})));
  EXPECT_FALSE(add(binlog::RowChangeKind::kDelete, image({1, 11})));
  EXPECT_THAT(numbered(), ElementsAre("insert 1 10", "insert 2 20", "update 1 11", "delete half 2 20",
                                      "insert half 3 20", "delete 1 11"));
  EXPECT_EQ(numberer_.rows(), 5U);
}

TEST_F(EventsRows, SayWhetherTheirSessionCheckedForeignKeys) {
  auto tied = *rules().with_cascades({{.name = "c", .tables = {{"shop", "items"}, {"shop", "orders"}}}});
  ASSERT_TRUE(tied.set_ties_of({"shop", "items"}, {{{{"shop", "orders"}, {"shop", "items"}}}}));
  RowRouter router(tied, partitions_, ServerKind::kMysql, nullptr);
  EventRows event_rows(router, numberer_);
  const std::string row = image({1, 10});
  for (const bool foreign_keys_off : {true, false})
    EXPECT_FALSE(event_rows.add({.op = binlog::RowChangeKind::kDelete,
                                 .table = &orders_,
                                 .rows = row,
                                 .body_after_table_id = row,
                                 .foreign_keys_off = foreign_keys_off}));
  EXPECT_THAT(numbered(), ElementsAre("delete no-cascade 1 10", "delete 1 10"));
}

TEST_F(EventsRows, OfATableThatTheRouterRefusesAreNotNumbered) {
  orders_ = test::table_map("orders", 0);
  const auto refusal = add(binlog::RowChangeKind::kInsert, image({1, 10}));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, RowsRefusal::Kind::kStops);
  EXPECT_THAT(refusal->sentence, HasSubstr("table shop.orders has no primary key"));
  EXPECT_THAT(numbered(), IsEmpty());
}

TEST_F(EventsRows, EndTheEpochWhereTheirTablesKeyHasAnotherShape) {
  EXPECT_FALSE(add(binlog::RowChangeKind::kInsert, image({1, 10})));
  orders_ = test::table_map("orders", 2);
  const auto refusal = add(binlog::RowChangeKind::kInsert, image({2, 20}));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, RowsRefusal::Kind::kEndsEpoch);
  EXPECT_THAT(numbered(), ElementsAre("insert 1 10"));
}

TEST_F(EventsRows, StopWhereOneIsTooLarge) {
  Numberer narrow(writers_, {.row_bytes_max = 4}, [](Slot) {});
  narrow.begin(transaction_);
  const std::string row = image({1, 10});
  const auto refusal =
      EventRows(router_, narrow)
          .add({.op = binlog::RowChangeKind::kInsert, .table = &orders_, .rows = row, .body_after_table_id = row});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, RowsRefusal::Kind::kStops);
  EXPECT_THAT(refusal->sentence, HasSubstr("capture.max_row_bytes"));
}

TEST_F(EventsRows, StopWhereOneIsCutShort) {
  std::string rows = image({1, 10}) + image({2, 20});
  rows.resize(rows.size() - 3);
  const auto refusal = add(binlog::RowChangeKind::kInsert, rows);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->kind, RowsRefusal::Kind::kStops);
  EXPECT_EQ(refusal->sentence, "a row of table shop.orders is malformed: column c1 cannot be read");
}

}  // namespace
}  // namespace farshore::capture
