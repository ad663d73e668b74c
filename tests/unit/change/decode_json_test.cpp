#include "change/decode_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "batch_support.hpp"

namespace farshore::change {
namespace {

using Json = nlohmann::json;

std::string lines_of(const OwnedRecord& record) {
  TableCache tables;
  Batch batch;
  const auto read = read_batch(record.header, record.value, tables, batch);
  EXPECT_TRUE(read.has_value());
  std::string lines;
  append_json_lines(batch, lines);
  return lines;
}

TEST(DecodeJson, NamesColumnsAndLabels) {
  BatchBuilder builder = example::paid_order_batch();
  const Json line = Json::parse(lines_of(OwnedRecord(builder.finish(example::kPublishedAt))));
  EXPECT_EQ(line["kind"], "update");
  EXPECT_EQ(line["table"], "shop.orders");
  EXPECT_EQ(line["seq"], 7);
  EXPECT_EQ(line["commit_time"], "2026-01-02T03:04:05.700000Z");
  EXPECT_EQ(line["before"], (Json{{"status", "new"}}));
  EXPECT_EQ(line["after"]["id"], 1001);
  EXPECT_EQ(line["after"]["status"], "paid");
  EXPECT_EQ(line["after"]["total"], "199.90");
  EXPECT_EQ(line["after"]["note"],
            "Gr\xC3\xBC\xC3\x9F"
            "e");
}

TEST(DecodeJson, ShowsBytesThatAreNoTextAsHex) {
  TableShape shape{"shop", "blobs", {}, {0}};
  for (const char* charset : {"binary", "latin1", "latin1", "utf8mb4"}) {
    Column column;
    column.name = "c" + std::to_string(shape.columns.size());
    column.type = ColumnType::kVarchar;
    column.charset = charset;
    shape.columns.push_back(column);
  }
  const std::vector<Value> row = {Value::of_bytes("ab"), Value::of_bytes("ab"), Value::of_bytes("\xFC"), Value::null()};
  BatchBuilder builder = make_builder();
  ChangeInput input;
  input.after = row;
  builder.append(example::transaction(), encode_table(shape, ""), input);
  const Json line = Json::parse(lines_of(OwnedRecord(builder.finish(example::kPublishedAt))));
  EXPECT_EQ(line["after"]["c0"], (Json{{"hex", "6162"}}));
  EXPECT_EQ(line["after"]["c1"], "ab");
  EXPECT_EQ(line["after"]["c2"], (Json{{"hex", "fc"}}));
  EXPECT_EQ(line["after"]["c3"], nullptr);
}

TEST(DecodeJson, OfRandomBatchesIsALineAChange) {
  RandomBatches random(21);
  BatchBuilder builder = make_builder();
  for (int round = 0; round < 50; ++round) {
    const RandomBatch batch = random.make();
    append_all(batch, builder);
    const std::string lines = lines_of(OwnedRecord(builder.finish(example::kPublishedAt)));
    builder.clear();
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(lines, '\n')), batch.changes.size());
  }
}

TEST(DecodeJson, ShowsWatermarksAndEpochStarts) {
  BatchBuilder builder = make_builder();
  Watermark watermark{example::kCommitTime, "0-1-40"_position, Seq(0), std::chrono::microseconds(3), 99};
  watermark.doubts = {{.table = "shop.orders", .said_at = example::kCommitTime}};
  const Json line = Json::parse(lines_of(OwnedRecord(builder.watermark_record(watermark, example::kPublishedAt))));
  EXPECT_EQ(line["kind"], "watermark");
  EXPECT_EQ(line["position"], "0-1-40");
  EXPECT_EQ(line["doubts"][0]["table"], "shop.orders");
  EpochStart start;
  start.partitions = {{"main", PartitionId(0), Seq(0)}};
  start.statement = {.text = "TRUNCATE t", .tables = {"shop.t"}, .gtid = "0-1-41"_gtid};
  start.missed_tables = {"shop.new"};
  const Json start_line = Json::parse(lines_of(OwnedRecord(builder.epoch_start_record(start, example::kPublishedAt))));
  EXPECT_EQ(start_line["kind"], "epoch start");
  EXPECT_EQ(start_line["partitions"][0]["stream"], "main");
  EXPECT_EQ(start_line["statement"]["text"], "TRUNCATE t");
  EXPECT_EQ(start_line["statement"]["tables"][0], "shop.t");
  EXPECT_EQ(start_line["statement"]["gtid"], "0-1-41");
  EXPECT_EQ(start_line["missed_tables"][0], "shop.new");
}

}  // namespace
}  // namespace farshore::change
