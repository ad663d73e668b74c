#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "batch_support.hpp"
#include "change/limits.hpp"
#include "farshore/v1/change_batch.pb.h"

/// What no capture sends is refused with a reason: never read as something else, never a crash.
namespace farshore::change {
namespace {

using Kind = BatchError::Kind;

OwnedRecord paid_order() {
  BatchBuilder builder = example::paid_order_batch();
  return OwnedRecord(builder.finish(example::kPublishedAt));
}

std::expected<void, BatchError> read(const OwnedRecord& record, const BatchLimits& limits = {}) {
  TableCache tables;
  Batch batch;
  return read_batch(record.header, record.value, tables, batch, limits);
}

/// The example batch with its value changed through the generated classes, and a right checksum.
std::expected<void, BatchError> read_changed(const std::function<void(v1::ChangeBatch&)>& change) {
  OwnedRecord record = paid_order();
  v1::ChangeBatch message;
  EXPECT_TRUE(message.ParseFromString(record.value));
  change(message);
  record.value = message.SerializeAsString();
  seal_again(record);
  return read(record);
}

std::expected<void, BatchError> read_value(const std::string& value) {
  OwnedRecord record = paid_order();
  record.value = value;
  seal_again(record);
  return read(record);
}

TEST(DamagedBatch, CutAnywhereIsRefused) {
  const OwnedRecord whole = paid_order();
  for (std::size_t size = 0; size < whole.value.size(); ++size) {
    OwnedRecord cut = whole;
    cut.value.resize(size);
    EXPECT_FALSE(read(cut).has_value()) << size << " bytes of value";
  }
  for (std::size_t size = 0; size < whole.header.size(); ++size) {
    OwnedRecord cut = whole;
    cut.header.resize(size);
    EXPECT_FALSE(read(cut).has_value()) << size << " bytes of header";
  }
}

TEST(DamagedBatch, CutBehindAFieldUnderARightChecksumHasNoChangeLess) {
  const OwnedRecord whole = paid_order();
  TableCache tables;
  Batch batch;
  for (std::size_t size = 0; size < whole.value.size(); ++size) {
    OwnedRecord cut = whole;
    cut.value.resize(size);
    seal_again(cut);
    if (!read_batch(cut.header, cut.value, tables, batch)) continue;
    EXPECT_EQ(batch.changes().size(), 1U) << size << " bytes of value";
    EXPECT_EQ(batch.position(), "") << "only the position, which may be empty, can go unseen";
  }
}

TEST(DamagedBatch, WithAnyBitFlippedIsRefused) {
  const OwnedRecord whole = paid_order();
  for (std::size_t bit = 0; bit < whole.value.size() * 8; ++bit) {
    OwnedRecord damaged = whole;
    damaged.value[bit / 8] = static_cast<char>(damaged.value[bit / 8] ^ (1 << bit % 8));
    const auto result = read(damaged);
    ASSERT_FALSE(result.has_value()) << "bit " << bit;
    EXPECT_EQ(result.error().kind, Kind::kCorrupt);
  }
  for (std::size_t bit = 0; bit < whole.header.size() * 8; ++bit) {
    OwnedRecord damaged = whole;
    damaged.header[bit / 8] = static_cast<char>(damaged.header[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(read(damaged).has_value()) << "bit " << bit << " of the header";
  }
}

TEST(DamagedBatch, WithARightChecksumOverDamageNeverCrashes) {
  RandomBatches random(11);
  std::mt19937_64 noise(12);
  BatchBuilder builder = make_builder();
  TableCache tables;
  Batch batch;
  for (int round = 0; round < 40; ++round) {
    append_all(random.make(), builder);
    const OwnedRecord whole(builder.finish(example::kPublishedAt));
    builder.clear();
    for (int damage = 0; damage < 200; ++damage) {
      OwnedRecord damaged = whole;
      const std::size_t hits = 1 + noise() % 4;
      for (std::size_t i = 0; i < hits; ++i) {
        damaged.value[noise() % damaged.value.size()] = static_cast<char>(noise());
      }
      if (noise() % 4 == 0) damaged.value.resize(noise() % damaged.value.size());
      seal_again(damaged);
      if (!read_batch(damaged.header, damaged.value, tables, batch)) continue;
      for (const ChangeView& change : batch.changes()) {
        ASSERT_LT(change.transaction, batch.transactions().size());
        ASSERT_EQ(change.row().size(), change.table->shape.columns.size());
      }
    }
  }
}

TEST(DamagedBatch, OfNoiseNeverCrashes) {
  std::mt19937_64 noise(13);
  for (int round = 0; round < 20'000; ++round) {
    std::string value(noise() % 200, '\0');
    for (char& c : value) c = static_cast<char>(noise() % 4 == 0 ? noise() : noise() % 0x4A);
    EXPECT_FALSE(read_value(value).has_value());
  }
}

TEST(DamagedBatch, WithAnotherCountThanTheHeaderSaysIsRefused) {
  EXPECT_FALSE(
      read_changed([](v1::ChangeBatch& batch) { batch.add_changes()->CopyFrom(batch.changes(0)); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& batch) { batch.clear_changes(); }).has_value());
}

TEST(DamagedBatch, WithAnIndexOutsideItsTablesOrTransactionsIsRefused) {
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& batch) { batch.mutable_changes(0)->set_table(1); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& batch) { batch.mutable_changes(0)->set_transaction(1); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& batch) { batch.clear_tables(); }).has_value());
}

TEST(DamagedBatch, WithAnImageThatLacksOrExceedsTheColumnsIsRefused) {
  EXPECT_FALSE(
      read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->mutable_after()->RemoveLast(); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->add_after(); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->add_before(); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->add_before_column(1); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->set_before_column(0, 6); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->set_op(v1::OP_INSERT); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->set_op(v1::OP_DELETE); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) {
                 b.mutable_changes(0)->add_before_column(2);  // again: not ascending
                 b.mutable_changes(0)->add_before()->set_uint_value(1);
               }).has_value());
}

TEST(DamagedBatch, WithAValueThatIsNotOfItsColumnsTypeIsRefused) {
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) {
                 b.mutable_changes(0)->mutable_after(0)->set_text_value("1");
               }).has_value());
  EXPECT_FALSE(
      read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->mutable_before(0)->set_int_value(1); }).has_value());
  EXPECT_TRUE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->mutable_after(0)->Clear(); }).has_value())
      << "NULL is of every type";
}

TEST(DamagedBatch, WhoseLastChangeIsNotTheHeadersIsRefused) {
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_changes(0)->set_ordinal(2); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_transactions(0)->set_gtid("0-1-1"); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_watermark()->set_seq(1); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_epoch_start()->set_begins_at("x"); }).has_value());
}

TEST(DamagedBatch, WhosePositionsAreNoneIsRefused) {
  for (const char* const text : {"x", "0-1", "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1"}) {
    v1::Watermark watermark;
    watermark.set_position(text);
    EXPECT_EQ(parse_watermark(watermark.SerializeAsString()).error(), MessageError::kMalformed) << text;
    v1::EpochStart start;
    start.set_begins_at(text);
    EXPECT_EQ(parse_epoch_start(start.SerializeAsString()).error(), MessageError::kMalformed) << text;
  }
}

TEST(DamagedBatch, WhoseStatementsGtidIsNoneIsRefused) {
  for (const char* const text : {"x", "0-1-1,1-1-1"}) {
    v1::EpochStart start;
    start.mutable_statement()->set_gtid(text);
    EXPECT_EQ(parse_epoch_start(start.SerializeAsString()).error(), MessageError::kMalformed) << text;
  }
}

TEST(DamagedBatch, WhoseWatermarkDoubtsWhatNoTableCanBeIsRefused) {
  const auto read_doubts = [](std::size_t doubts, const std::string& table, std::int64_t said_at = 1) {
    v1::Watermark message;
    for (std::size_t i = 0; i < doubts; ++i) {
      message.add_doubts()->set_table(table);
      message.mutable_doubts()->rbegin()->set_said_at_us(said_at);
    }
    return parse_watermark(message.SerializeAsString()).has_value();
  };
  EXPECT_TRUE(read_doubts(kDoubtsMax, std::string(kTableNameCharsMax, 'x')));
  EXPECT_FALSE(read_doubts(kDoubtsMax + 1, "shop.t"));
  EXPECT_FALSE(read_doubts(1, std::string(kTableNameCharsMax + 1, 'x')));
  EXPECT_FALSE(read_doubts(1, "shop.t", 0));
  std::string wide;
  for (std::size_t i = 0; i < kTableNameCharsMax; ++i) wide += "é";
  EXPECT_TRUE(read_doubts(1, wide)) << "characters, not bytes";
}

TEST(DamagedBatch, WithATableThatIsNoneIsRefused) {
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_tables(0)->set_key(0, 6); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_tables(0)->add_key(0); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_tables(0)->clear_columns(); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) { b.mutable_tables(0)->set_name(""); }).has_value());
  EXPECT_FALSE(
      read_changed([](v1::ChangeBatch& b) { b.mutable_tables(0)->set_name(std::string(256, 'x')); }).has_value());
  EXPECT_FALSE(read_changed([](v1::ChangeBatch& b) {
                 while (b.tables(0).columns_size() <= 4096)
                   *b.mutable_tables(0)->add_columns() = b.tables(0).columns(0);
               }).has_value());
}

TEST(DamagedBatch, WithTiesThatAreNoneIsRefused) {
  const auto with = [](const std::string& parent, const std::string& child, std::size_t count, bool repeats) {
    return read_changed([&](v1::ChangeBatch& b) {
      b.mutable_tables(0)->set_repeats_cascades(repeats);
      for (std::size_t i = 0; i < count; ++i) {
        v1::Cascade& tie = *b.mutable_tables(0)->add_ties();
        tie.set_parent(parent);
        tie.set_child(child);
      }
    });
  };
  const std::string longest = std::string(255, 's') + "." + std::string(255, 't');
  EXPECT_TRUE(with(longest, longest, kTableTiesMax, true).has_value());
  EXPECT_FALSE(with("a.p", "a.c", kTableTiesMax + 1, true).has_value());
  EXPECT_FALSE(with("a.p", "a.c", 1, false).has_value()) << "no cascade is repeated";
  for (const std::string& bad :
       {std::string(), std::string("p"), std::string(".p"), std::string("a."), longest + "t"}) {
    EXPECT_FALSE(with(bad, "a.c", 1, true).has_value()) << bad;
    EXPECT_FALSE(with("a.p", bad, 1, true).has_value()) << bad;
  }
}

TEST(DamagedBatch, BeyondALimitIsRefused) {
  BatchLimits few_values;
  few_values.values_max = 6;
  EXPECT_EQ(read(paid_order(), few_values).error().kind, Kind::kTooLarge);
  BatchLimits few_bytes;
  few_bytes.bytes_max = 20;
  EXPECT_EQ(read(paid_order(), few_bytes).error().kind, Kind::kTooLarge);
}

TEST(DamagedBatch, NestedDeeperThanTheFormatIsRefused) {
  // Each level is a field 1 that holds the next; a parser that recursed without bound would end here.
  std::string nested;
  for (int level = 0; level < 2'000; ++level) {
    std::string outer = "\x0A";
    for (std::size_t size = nested.size();; size >>= 7) {
      outer.push_back(static_cast<char>(size < 0x80 ? size : (size | 0x80)));
      if (size < 0x80) break;
    }
    nested = outer + nested;
  }
  EXPECT_FALSE(read_value(nested).has_value());
  EXPECT_FALSE(read_changed([&](v1::ChangeBatch& b) { b.mutable_tables(0)->set_name(nested); }).has_value());
}

TEST(NewerBatch, WithAnUnknownOpFieldOrTypeIsToldApart) {
  const auto kind_after = [](const std::function<void(v1::ChangeBatch&)>& change) {
    const auto result = read_changed(change);
    return result.has_value() ? Kind::kMalformed : result.error().kind;
  };
  EXPECT_EQ(kind_after([](auto& b) { b.mutable_changes(0)->set_op(v1::OP_SCHEMA_CHANGE); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([](auto& b) { b.mutable_changes(0)->set_op(v1::OP_SNAPSHOT_ROW); }), Kind::kNewerFormat);
  EXPECT_EQ(
      kind_after([](auto& b) { b.mutable_tables(0)->mutable_columns(0)->set_type(static_cast<v1::ColumnType>(21)); }),
      Kind::kNewerFormat);
  const auto add_field = [](google::protobuf::Message* message, int number) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(number, 1);
  };
  EXPECT_EQ(kind_after([&](auto& b) { add_field(&b, 18); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) { add_field(b.mutable_changes(0), 11); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) { add_field(b.mutable_transactions(0), 3); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) { add_field(b.mutable_tables(0), 15); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) { add_field(b.mutable_tables(0)->mutable_columns(0), 10); }), Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) {
              b.mutable_tables(0)->set_repeats_cascades(true);
              add_field(b.mutable_tables(0)->add_ties(), 3);
            }),
            Kind::kNewerFormat);
  EXPECT_EQ(kind_after([&](auto& b) { add_field(b.mutable_changes(0)->mutable_after(0), 7); }), Kind::kNewerFormat);
}

TEST(NewerBatch, OfAnotherFormatVersionIsToldApartBeforeItsChecksumIsLookedAt) {
  OwnedRecord record = paid_order();
  record.header[0] = 2;
  EXPECT_EQ(read(record).error().kind, Kind::kNewerFormat);
}

}  // namespace
}  // namespace farshore::change
