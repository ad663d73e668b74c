#include "change/checkpoint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "change/limits.hpp"
#include "farshore/v1/checkpoint.pb.h"
#include "unit/gtid_literal.hpp"
#include "unit/table_literal.hpp"

namespace farshore::change {
namespace {

Checkpoint some_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.id = {Epoch(2), Incarnation(0xFEDCBA9876543210)};
  checkpoint.position = "0-1-100"_position;
  checkpoint.position_before_last = "0-1-99"_position;
  checkpoint.last = {"0-1-100"_gtid, SourceTime(std::chrono::microseconds(1'700'000'000'000'001)), 77};
  checkpoint.partitions = {{"main", PartitionId(0), Seq(12), KafkaOffset(4)},
                           {"main", PartitionId(1), Seq(1), KafkaOffset(0)}};
  checkpoint.numbering.streams = {{"main", 2}};
  checkpoint.numbering.table_rules = "{}";
  checkpoint.numbering.cascade_groups = {"c: shop.a, shop.b"};
  checkpoint.numbering.algorithm = 1;
  checkpoint.source_uuid = "1:0";
  checkpoint.written_at = LocalTime(std::chrono::microseconds(5));
  EpochStart start;
  start.continues = {Epoch(1), Incarnation(9)};
  start.partitions = {{"main", PartitionId(0), Seq(0)}};
  checkpoint.pending_epoch_start = start;
  checkpoint.known_keys = {{.table = 3, .key = 0xFEDCBA9876543210}, {.table = 0xFEDCBA9876543210, .key = 3}};
  checkpoint.cascades = {{.tie = {.parent = "shop.a"_table, .child = "shop.b"_table}, .name = "b_ibfk_1"}};
  checkpoint.told_statement = "0-1-101"_gtid;
  checkpoint.changed_unseen = {"shop.c"};
  checkpoint.keys_known_from = "0-1-99"_position;
  checkpoint.logs_cascades = false;
  checkpoint.split_tables = {"shop.d"};
  checkpoint.split_until = "0-1-120"_position;
  checkpoint.prepared = {{.xid = "X'61',X'',1", .tables = {"shop.a"}, .events = std::string("\0\xFF", 2)},
                         {.xid = "X'62',X'',1", .tables = {}, .events = {}}};
  return checkpoint;
}

TEST(Checkpoint, IsReadAsItWasWritten) {
  const Checkpoint checkpoint = some_checkpoint();
  const auto read = decode_checkpoint(encode_checkpoint(checkpoint));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, checkpoint);
}

TEST(Checkpoint, KeepsTheBytesOfPositionsOfBothServers) {
  for (const char* const text :
       {"", "0-1-100,1-2-5", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,4e11fa47-71ca-11e1-9e33-c80aa9429562:3-9"}) {
    v1::Checkpoint message;
    ASSERT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
    message.set_position(text);
    message.set_position_before_last(text);
    message.set_keys_known_from(text);
    message.set_split_until(text);
    const std::string bytes = message.SerializeAsString();
    const auto read = decode_checkpoint(bytes);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(encode_checkpoint(*read), bytes) << text;
  }
}

TEST(Checkpoint, WhosePositionOrGtidIsNoneIsRefused) {
  const std::vector<std::function<void(v1::Checkpoint&)>> wrongs = {
      [](v1::Checkpoint& message) { message.set_position("rubbish"); },
      [](v1::Checkpoint& message) { message.set_position_before_last("rubbish"); },
      [](v1::Checkpoint& message) { message.set_keys_known_from("rubbish"); },
      [](v1::Checkpoint& message) { message.set_split_until("3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1"); },
      [](v1::Checkpoint& message) { message.mutable_last()->set_gtid("rubbish"); },
      [](v1::Checkpoint& message) { message.set_told_statement("rubbish"); }};
  for (const auto& wrong : wrongs) {
    v1::Checkpoint message;
    ASSERT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
    wrong(message);
    EXPECT_EQ(decode_checkpoint(message.SerializeAsString()).error(), MessageError::kMalformed);
  }
}

TEST(Checkpoint, WithMorePreparedTransactionsThanItKeepsIsRefused) {
  Checkpoint checkpoint = some_checkpoint();
  checkpoint.prepared.assign(kPreparedMax, {.xid = "X'61',X'',1", .tables = {}, .events = {}});
  EXPECT_TRUE(decode_checkpoint(encode_checkpoint(checkpoint)).has_value());
  checkpoint.prepared.push_back(checkpoint.prepared.back());
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(checkpoint)).has_value());
  checkpoint.prepared = {{.xid = std::string(kXidBytesMax + 1, 'x'), .tables = {}, .events = {}}};
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(checkpoint)).has_value());
}

TEST(Checkpoint, OfAFirstStartHasNoLastTransaction) {
  Checkpoint checkpoint = some_checkpoint();
  checkpoint.last.reset();
  checkpoint.pending_epoch_start.reset();
  EXPECT_EQ(decode_checkpoint(encode_checkpoint(checkpoint)), checkpoint);
}

TEST(Checkpoint, CutAnywhereIsRefusedOrLosesAWholeFieldAtMost) {
  const std::string bytes = encode_checkpoint(some_checkpoint());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = decode_checkpoint(bytes.substr(0, size));
    if (read) {
      EXPECT_NE(*read, some_checkpoint()) << size << " bytes";
    }
  }
}

TEST(Checkpoint, OfANewerFormatIsToldApart) {
  v1::Checkpoint message;
  ASSERT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
  message.set_format(2);
  EXPECT_EQ(decode_checkpoint(message.SerializeAsString()).error(), MessageError::kNewerFormat);
  message.set_format(1);
  message.GetReflection()->MutableUnknownFields(&message)->AddVarint(100, 1);
  EXPECT_EQ(decode_checkpoint(message.SerializeAsString()).error(), MessageError::kNewerFormat);
}

TEST(Checkpoint, NamesInAnotherCharacterSetAreReadBackThoughNotAsTheyWere) {
  Checkpoint checkpoint = some_checkpoint();
  checkpoint.pending_epoch_start->reason = "TRUNCATE of \xb1\xed";
  checkpoint.pending_epoch_start->statement = {
      .text = "TRUNCATE \xb1\xed", .tables = {"shop.\xb1\xed"}, .gtid = "0-1-2"_gtid};
  const auto read = decode_checkpoint(encode_checkpoint(checkpoint));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->pending_epoch_start->reason, "TRUNCATE of ??");
  EXPECT_EQ(read->pending_epoch_start->statement->text, "TRUNCATE \xb1\xed");
  EXPECT_EQ(read->pending_epoch_start->statement->tables.front(), "shop.??");
}

TEST(Checkpoint, KnowsEachTableOnceAndInOrder) {
  for (const KnownKeys& wrong : {KnownKeys{{.table = 2, .key = 1}, {.table = 1, .key = 1}},
                                 KnownKeys{{.table = 2, .key = 1}, {.table = 2, .key = 3}}}) {
    Checkpoint checkpoint = some_checkpoint();
    checkpoint.known_keys = wrong;
    EXPECT_FALSE(decode_checkpoint(encode_checkpoint(checkpoint)).has_value());
  }
  v1::Checkpoint message;
  ASSERT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
  message.add_known_tables(~std::uint64_t{0});
  EXPECT_FALSE(decode_checkpoint(message.SerializeAsString()).has_value()) << "a table without its key";
}

TEST(Checkpoint, TakesNoMoreTablesChangedFromOutsideThanAnEpochNames) {
  const auto with = [](std::size_t count, std::size_t bytes) {
    v1::Checkpoint message;
    EXPECT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
    message.clear_changed_unseen();
    for (std::size_t i = 0; i < count; ++i) message.add_changed_unseen(std::string(bytes, 't'));
    return decode_checkpoint(message.SerializeAsString()).has_value();
  };
  EXPECT_TRUE(with(kEpochTablesMax, 3));
  EXPECT_FALSE(with(kEpochTablesMax + 1, 3));
  EXPECT_FALSE(with(1, kFullNameBytesMax + 1));
}

TEST(Checkpoint, KeepsNoMoreCascadingKeysThanAReaderTakes) {
  Checkpoint checkpoint = some_checkpoint();
  for (std::size_t i = 0; i <= kKnownCascadesMax; ++i)
    checkpoint.cascades.push_back({.tie = {.parent = "s.p"_table, .child = "s.c"_table}, .name = std::to_string(i)});
  const std::string bytes = encode_checkpoint(checkpoint);
  const auto read = decode_checkpoint(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->cascades.size(), kKnownCascadesMax);
  const auto with = [](const std::string& parent, const std::string& child, const std::string& name,
                       std::size_t count) {
    v1::Checkpoint message;
    EXPECT_TRUE(message.ParseFromString(encode_checkpoint(some_checkpoint())));
    message.clear_cascades();
    for (std::size_t i = 0; i < count; ++i) {
      v1::CascadingKey& key = *message.add_cascades();
      key.set_parent(parent);
      key.set_child(child);
      key.set_name(name);
    }
    return decode_checkpoint(message.SerializeAsString()).has_value();
  };
  EXPECT_TRUE(with("s.p", "s.c", "k", kKnownCascadesMax));
  EXPECT_FALSE(with("s.p", "s.c", "k", kKnownCascadesMax + 1));
  EXPECT_FALSE(with("p", "s.c", "k", 1)) << "no schema";
  EXPECT_FALSE(with("s.p", "s." + std::string(kFullNameBytesMax, 'c'), "k", 1));
  EXPECT_FALSE(with("s.p", "s.c", std::string(kNameBytesMax + 1, 'k'), 1));
}

TEST(Checkpoint, ThatContradictsItselfIsRefused) {
  EXPECT_FALSE(decode_checkpoint("").has_value());
  EXPECT_FALSE(decode_checkpoint("noise").has_value());
  Checkpoint no_epoch = some_checkpoint();
  no_epoch.id.epoch = Epoch(0);
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(no_epoch)).has_value());
  Checkpoint no_seq = some_checkpoint();
  no_seq.partitions[0].next_seq = Seq(0);
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(no_seq)).has_value());
  Checkpoint one_partition = some_checkpoint();
  one_partition.partitions.pop_back();
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(one_partition)).has_value()) << "the numbering has two";
  Checkpoint other_order = some_checkpoint();
  std::swap(other_order.partitions[0], other_order.partitions[1]);
  EXPECT_FALSE(decode_checkpoint(encode_checkpoint(other_order)).has_value());
}

TEST(LastEpoch, IsReadBackAndNothingElseIsOne) {
  EXPECT_EQ(parse_last_epoch(last_epoch_text(Epoch(17))), Epoch(17));
  for (const char* const text : {"", "x", "17 ", "-1", "4294967296"}) EXPECT_FALSE(parse_last_epoch(text)) << text;
}

}  // namespace
}  // namespace farshore::change
