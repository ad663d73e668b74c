#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "batch_support.hpp"
#include "change/limits.hpp"
#include "farshore/v1/change_batch.pb.h"
#include "unit/table_literal.hpp"

namespace farshore::change {
namespace {

using testing::ElementsAre;

/// Fails the test unless `batch` is what `expected` says.
void expect_same(const RandomBatch& expected, const Batch& batch, Seq first) {
  ASSERT_EQ(batch.changes().size(), expected.changes.size());
  for (std::size_t i = 0; i < expected.changes.size(); ++i) {
    const ExpectedChange& wanted = expected.changes[i];
    const ChangeView& found = batch.changes()[i];
    EXPECT_EQ(found.op, wanted.op);
    EXPECT_EQ(found.seq, Seq(first.raw() + i));
    EXPECT_EQ(found.ordinal, wanted.ordinal);
    EXPECT_EQ(found.last_in_transaction, wanted.last_in_transaction);
    EXPECT_EQ(found.key_change, wanted.key_change);
    EXPECT_EQ(found.no_cascade, wanted.no_cascade);
    EXPECT_EQ(found.table->shape, expected.tables[wanted.table]->table.shape);
    EXPECT_EQ(found.table->group, expected.tables[wanted.table]->table.group);
    EXPECT_EQ(batch.transaction_of(found).gtid, wanted.transaction.gtid);
    EXPECT_EQ(batch.transaction_of(found).id, Gtid::parse(wanted.transaction.gtid));
    EXPECT_EQ(batch.transaction_of(found).commit_time, wanted.transaction.commit_time);
    EXPECT_TRUE(std::ranges::equal(found.after, wanted.after));
    if (wanted.op != Op::kUpdate) {
      EXPECT_TRUE(std::ranges::equal(found.before, wanted.before));
      EXPECT_TRUE(found.before_columns.empty());
      continue;
    }
    std::vector<Value> before = wanted.after;
    for (std::size_t k = 0; k < found.before_columns.size(); ++k) {
      EXPECT_NE(found.before[k], before[found.before_columns[k]]) << "a column that does not differ";
      before[found.before_columns[k]] = found.before[k];
    }
    EXPECT_EQ(before, wanted.before);
  }
}

TEST(Batch, OfRandomChangesIsReadAsItWasBuilt) {
  RandomBatches random(1);
  BatchBuilder builder = make_builder(Seq(5));
  TableCache tables;
  Batch batch;
  for (int round = 0; round < 300; ++round) {
    const RandomBatch expected = random.make();
    const Seq first = builder.next_seq();
    append_all(expected, builder);
    EXPECT_EQ(builder.first_seq(), first);
    const OwnedRecord record(builder.finish(example::kPublishedAt));
    builder.clear();
    const auto read = read_batch(record.header, record.value, tables, batch);
    ASSERT_TRUE(read.has_value()) << read.error().detail;
    expect_same(expected, batch, first);
    EXPECT_EQ(batch.position(), expected.changes.front().transaction.position_before);
    EXPECT_EQ(batch.header().gtid, expected.changes.back().transaction.gtid);
    EXPECT_EQ(batch.header().last_seq().next(), builder.next_seq());
  }
}

TEST(Batch, BytesAreThoseOfTheGeneratedClasses) {
  RandomBatches random(2);
  BatchBuilder builder = make_builder();
  for (int round = 0; round < 300; ++round) {
    append_all(random.make(), builder);
    const EncodedRecord record = builder.finish(example::kPublishedAt);
    v1::ChangeBatch message;
    ASSERT_TRUE(message.ParseFromArray(record.value.data(), static_cast<int>(record.value.size())));
    EXPECT_EQ(static_cast<std::uint32_t>(message.changes_size()), builder.count());
    EXPECT_EQ(message.SerializeAsString(), record.value);
    builder.clear();
  }
}

TEST(Batch, OfTheGeneratedClassesWithTheFieldsInAnotherOrderIsReadTheSame) {
  RandomBatches random(3);
  BatchBuilder builder = make_builder();
  TableCache tables;
  for (int round = 0; round < 100; ++round) {
    const RandomBatch expected = random.make();
    append_all(expected, builder);
    OwnedRecord record(builder.finish(example::kPublishedAt));
    builder.clear();
    v1::ChangeBatch message;
    ASSERT_TRUE(message.ParseFromString(record.value));
    v1::ChangeBatch changes;
    changes.mutable_changes()->Swap(message.mutable_changes());
    record.value = message.SerializeAsString() + changes.SerializeAsString();
    seal_again(record);
    Batch batch;
    const auto read = read_batch(record.header, record.value, tables, batch);
    ASSERT_TRUE(read.has_value()) << read.error().detail;
    expect_same(expected, batch, batch.header().first_seq);
  }
}

TEST(Batch, CarriesAWatermarkThatRides) {
  BatchBuilder builder = example::paid_order_batch();
  const Watermark watermark{example::kCommitTime, "0-1-40"_position, example::kSeq, std::chrono::microseconds(-250),
                            99};
  builder.ride(watermark);
  const OwnedRecord record(builder.finish(example::kPublishedAt));
  TableCache tables;
  Batch batch;
  ASSERT_TRUE(read_batch(record.header, record.value, tables, batch).has_value());
  EXPECT_TRUE(batch.header().carries_watermark);
  EXPECT_EQ(batch.watermark(), watermark);
  EXPECT_EQ(batch.changes().size(), 1U);
}

TEST(Batch, OfAWatermarkAloneTakesNoNumber) {
  BatchBuilder builder = make_builder(Seq(41));
  Watermark watermark{example::kCommitTime, "0-1-40"_position, Seq(40), std::chrono::microseconds(3), 99};
  watermark.doubts = {{.table = "shop.orders", .said_at = example::kCommitTime},
                      {.table = "", .said_at = example::kCommitTime}};
  const OwnedRecord record(builder.watermark_record(watermark, example::kPublishedAt));
  TableCache tables;
  Batch batch;
  ASSERT_TRUE(read_batch(record.header, record.value, tables, batch).has_value());
  EXPECT_EQ(batch.header().kind, BatchKind::kWatermark);
  EXPECT_EQ(batch.watermark(), watermark);
  EXPECT_TRUE(batch.changes().empty());
  EXPECT_EQ(builder.next_seq(), Seq(41));
}

TEST(Batch, OfChangesAfterAWatermarkAloneHasNothingOfIt) {
  BatchBuilder expected = example::paid_order_batch();
  BatchBuilder builder = example::empty_batch();
  const Watermark watermark{example::kCommitTime, "0-1-40"_position, Seq(example::kSeq.raw() - 1), {}, 99};
  (void)builder.watermark_record(watermark, example::kPublishedAt);
  example::append_paid_order(builder);
  EXPECT_EQ(OwnedRecord(builder.finish(example::kPublishedAt)).value,
            OwnedRecord(expected.finish(example::kPublishedAt)).value);
}

TEST(Batch, OfAnEpochStartSaysWhatItContinues) {
  BatchBuilder builder = make_builder();
  EpochStart start;
  start.continues = {Epoch(3), Incarnation(77)};
  start.continued = {{"main", PartitionId(0), Seq(12)}, {"main", PartitionId(1), Seq(0)}};
  start.begins_at = "0-1-40"_position;
  start.partitions = {
      {"main", PartitionId(0), Seq(0)}, {"main", PartitionId(1), Seq(0)}, {"bulk", PartitionId(0), Seq(0)}};
  start.numbering_digest = 5;
  start.numbering_changed = true;
  start.reason = "streams changed";
  start.statement = {.text = "TRUNCATE t\xff", .tables = {"shop.t"}, .gtid = "0-1-41"_gtid, .may_be_temporary = true};
  start.missed_tables = {"shop.late"};
  const OwnedRecord record(builder.epoch_start_record(start, example::kPublishedAt));
  TableCache tables;
  Batch batch;
  ASSERT_TRUE(read_batch(record.header, record.value, tables, batch).has_value());
  EXPECT_EQ(batch.header().kind, BatchKind::kEpochStart);
  EXPECT_EQ(batch.epoch_start(), start);
  EXPECT_FALSE(batch.epoch_start()->is_first());
  EXPECT_TRUE(batch.epoch_start()->statement->is_waited_for());
}

TEST(Batch, OfAnEpochStartBehindColumnsThatWereAddedHasTheirConstants) {
  BatchBuilder builder = make_builder();
  EpochStart start;
  start.statement = {.text = "ALTER TABLE t ADD ...", .tables = {"shop.t"}, .gtid = "0-1-41"_gtid};
  start.statement->added_columns = {
      {.name = "a", .constant = {}, .type = {}},
      {.name = "b", .constant = {.kind = ColumnConstant::Kind::kNumber, .text = "-1.50"}, .type = "decimal(3,1)"},
      {.name = "c",
       .constant = {.kind = ColumnConstant::Kind::kText, .text = std::string("\xff\0", 2)},
       .type = "varbinary"},
      {.name = "d", .constant = {.kind = ColumnConstant::Kind::kText, .text = ""}, .type = "text"},
  };
  std::string bytes;
  append_epoch_start(start, bytes);
  EXPECT_EQ(parse_epoch_start(bytes), start);
  EXPECT_FALSE(parse_epoch_start(bytes)->statement->is_waited_for());
  start.statement->tables.emplace_back("shop.u");
  bytes.clear();
  append_epoch_start(start, bytes);
  EXPECT_EQ(parse_epoch_start(bytes).error(), MessageError::kMalformed) << "of which table?";
}

TEST(Batch, KeepsOfAnUpdateOnlyTheColumnsThatDiffer) {
  BatchBuilder builder = example::paid_order_batch();
  const OwnedRecord record(builder.finish(example::kPublishedAt));
  TableCache tables;
  Batch batch;
  ASSERT_TRUE(read_batch(record.header, record.value, tables, batch).has_value());
  const ChangeView& change = batch.changes()[0];
  EXPECT_THAT(change.before_columns, ElementsAre(2U));
  EXPECT_THAT(change.before, ElementsAre(Value::of_uint(example::kStatusNew)));
  EXPECT_TRUE(change.last_in_transaction);
}

TEST(Batch, WithAnotherFollowsWithoutAGapInItsNumbers) {
  BatchBuilder builder = make_builder(Seq(1));
  const auto table = encode_table(example::orders_shape(), "");
  const example::Row row = example::order_row(example::kStatusNew);
  ChangeInput input;
  input.after = row;
  for (std::uint64_t expected = 1; expected < 100; expected += 3) {
    EXPECT_EQ(builder.next_seq(), Seq(expected));
    for (int i = 0; i < 3; ++i) builder.append(example::transaction(), table, input);
    EXPECT_EQ(decode_header(builder.finish(example::kPublishedAt).header)->first_seq, Seq(expected));
    builder.clear();
  }
}

TEST(Batch, CommitSeenAfterTheBatchWasSentLeavesNoFlag) {
  BatchBuilder builder = example::paid_order_batch();
  builder.clear();
  builder.mark_last_in_transaction();
  EXPECT_TRUE(builder.empty());
  EXPECT_EQ(builder.next_seq(), example::kSeq.next());
}

TEST(Batch, MarkedTwiceIsMarkedOnce) {
  BatchBuilder builder = example::paid_order_batch();
  const std::string once(builder.finish(example::kPublishedAt).value);
  BatchBuilder again = example::paid_order_batch();
  again.mark_last_in_transaction();
  EXPECT_EQ(again.finish(example::kPublishedAt).value, once);
}

TEST(Batch, MarkMovesAChangeWhoseLengthNeedsOneByteMore) {
  // Around 127 and 16,383 bytes of content the length's own width changes.
  for (const std::size_t around : {std::size_t{100}, std::size_t{16'360}}) {
    for (std::size_t size = around; size < around + 40; ++size) {
      TableShape shape{"shop", "blobs", {}, {0}};
      Column column;
      column.name = "bytes";
      column.type = ColumnType::kVarchar;
      shape.columns.push_back(column);
      BatchBuilder builder = make_builder();
      const std::string bytes(size, 'x');
      const std::vector<Value> row = {Value::of_bytes(bytes)};
      ChangeInput input;
      input.after = row;
      builder.append(example::transaction(), encode_table(shape, ""), input);
      builder.mark_last_in_transaction();
      const EncodedRecord record = builder.finish(example::kPublishedAt);
      v1::ChangeBatch message;
      ASSERT_TRUE(message.ParseFromArray(record.value.data(), static_cast<int>(record.value.size())));
      EXPECT_TRUE(message.changes(0).last_in_transaction());
      EXPECT_EQ(message.changes(0).after(0).bytes_value(), bytes);
      EXPECT_EQ(message.SerializeAsString(), record.value);
    }
  }
}

TEST(Batch, SizeIsKnownBeforeItIsFinished) {
  RandomBatches random(4);
  BatchBuilder builder = make_builder();
  for (int round = 0; round < 50; ++round) {
    append_all(random.make(), builder);
    const std::size_t bound = builder.bytes();
    const std::size_t size = builder.finish(example::kPublishedAt).value.size();
    EXPECT_LE(size, bound);
    EXPECT_LE(bound, size + 200);
    builder.clear();
  }
}

TEST(TableCache, GivesTheSameTableForTheSameBytes) {
  TableCache tables;
  const auto encoded = encode_table(example::orders_shape(), "orders");
  const auto first = tables.find_or_parse(encoded->bytes);
  const auto second = tables.find_or_parse(encoded->bytes);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ((*first)->shape, example::orders_shape());
  EXPECT_EQ((*first)->group, "orders");
}

TEST(Table, NamesItsTiesAndNoMoreThanAReaderTakes) {
  const std::vector<CascadingKey> ties = {{.tie = {"shop.customers"_table, "shop.orders"_table},
                                           .columns = {"buyer", "country"},
                                           .parent_columns = {"id", "country"},
                                           .on_delete = KeyAction::kCascade,
                                           .on_update = KeyAction::kSetDefault},
                                          {.tie = {"shop.customers"_table, "shop.orders"_table},
                                           .columns = {"payer"},
                                           .parent_columns = {"id"},
                                           .on_delete = KeyAction::kNone,
                                           .on_update = KeyAction::kSetNull},
                                          {.tie = {"shop.orders"_table, "shop.items"_table}}};
  const auto read = parse_table(encode_table(example::orders_shape(), "orders", true, ties)->bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->repeats_cascades);
  EXPECT_EQ(read->ties, ties);
  EXPECT_EQ(parse_table(encode_table(example::orders_shape(), "orders", true)->bytes)->ties,
            std::vector<CascadingKey>());

  std::vector<CascadingKey> many;
  for (std::size_t i = 0; i <= kTableTiesMax; ++i)
    many.push_back({{"shop.orders"_table, {"shop", "c" + std::to_string(i)}}});
  const auto encoded = encode_table(example::orders_shape(), "orders", true, many);
  const auto cut = parse_table(encoded->bytes);
  ASSERT_TRUE(cut.has_value());
  many.pop_back();
  EXPECT_EQ(cut->ties, many);
  EXPECT_EQ(encoded->table.ties, many);
}

TEST(TableCache, ForgetsWhenFullAndTablesInUseLiveOn) {
  TableCache tables(2);
  const auto kept = tables.find_or_parse(encode_table(example::orders_shape(), "0")->bytes);
  for (const char* group : {"1", "2", "3"}) {
    ASSERT_TRUE(tables.find_or_parse(encode_table(example::orders_shape(), group)->bytes).has_value());
  }
  EXPECT_EQ((*kept)->group, "0");
  EXPECT_NE(*tables.find_or_parse(encode_table(example::orders_shape(), "0")->bytes), *kept);
}

}  // namespace
}  // namespace farshore::change
