#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apply/read_batch.hpp"
#include "change/batch_builder.hpp"
#include "store/progress_row.hpp"

/// Records as a capture publishes them, without Kafka: of origin west, stream main, partition 2, from a MariaDB source
/// whose transaction N has the GTID 0-1-N.
namespace farshore::apply::test {

inline constexpr EpochId kEpoch{Epoch(3), Incarnation(77)};
inline constexpr EpochId kNextEpoch{Epoch(4), Incarnation(88)};
inline constexpr EpochId kOtherIncarnation{Epoch(3), Incarnation(666)};
inline constexpr EpochId kNone{};

inline store::PartitionKey partition_key() { return {"west", "main", PartitionId(2)}; }

inline std::string gtid_of(std::uint64_t transaction) { return "0-1-" + std::to_string(transaction); }
inline std::string position_after(std::uint64_t transaction) { return transaction == 0 ? "" : gtid_of(transaction); }
inline OriginPosition origin_position_after(std::uint64_t transaction) {
  return OriginPosition::parse(position_after(transaction)).value();
}
inline SourceTime time_of(std::uint64_t transaction) {
  return SourceTime(std::chrono::seconds(1'700'000'000 + transaction));
}

/// A partition that has applied everything up to `seq`, of transactions up to `transaction`.
inline store::ProgressRow applied_up_to(std::uint64_t seq, std::uint64_t transaction = 0, EpochId id = kEpoch) {
  store::ProgressRow row;
  row.key = partition_key();
  row.epoch = id;
  row.seq = Seq(seq);
  row.origin_position = position_after(transaction);
  return row;
}
inline store::ProgressRow nothing_applied() { return applied_up_to(0, 0, kNone); }

inline Column column(std::string name, ColumnType type, std::string charset = "", std::uint32_t collation = 0,
                     std::uint32_t length = 0) {
  Column made;
  made.name = std::move(name);
  made.type = type;
  made.nullable = true;
  made.charset = std::move(charset);
  made.collation = collation;
  made.length = length;
  return made;
}

/// shop.NAME (id BIGINT PRIMARY KEY, note VARCHAR(20)).
inline TableShape notes_shape(const std::string& name) {
  return {
      "shop", name, {column("id", ColumnType::kBigint), column("note", ColumnType::kVarchar, "utf8mb4", 45, 80)}, {0}};
}

/// A record that owns its bytes.
struct OwnedBatch : ReadBatch {
  std::string header_bytes;
  std::string value_bytes;
};

inline std::shared_ptr<OwnedBatch> make_record(std::string header, std::string value, KafkaOffset offset) {
  auto record = std::make_shared<OwnedBatch>();
  record->header_bytes = std::move(header);
  record->value_bytes = std::move(value);
  record->header = record->header_bytes;
  record->value = record->value_bytes;
  record->offset = offset;
  return record;
}

/// Writes one partition's records. Each record gets the next Kafka offset, from 100.
class Topic {
 public:
  explicit Topic(EpochId id = kEpoch, std::uint64_t next_seq = 1, store::PartitionKey key = partition_key())
      : builder_(key.origin, key.stream, key.partition) {
    builder_.reset_numbering(id, Seq(next_seq));
  }

  /// The transaction that the next changes belong to.
  Topic& transaction(std::uint64_t number) {
    source_ = {.serial = number,
               .gtid = gtid_of(number),
               .commit_time = time_of(number),
               .position_before = position_after(number - 1)};
    ordinal_ = 0;
    return *this;
  }
  Topic& table(const TableShape& shape, const std::string& group = "", bool repeats_cascades = false) {
    table_ = change::encode_table(shape, group, repeats_cascades);
    return *this;
  }
  /// The next changes come from a session with foreign_key_checks=0.
  Topic& without_cascades() {
    no_cascade_ = true;
    return *this;
  }
  Topic& change(change::Op op, const std::vector<Value>& before, const std::vector<Value>& after) {
    if (!table_) table(notes_shape("notes"));
    change::ChangeInput input;
    input.op = op;
    input.ordinal = Ordinal(ordinal_);
    input.no_cascade = no_cascade_;
    input.before = before;
    input.after = after;
    builder_.append(source_, table_, input);
    ordinal_ += 2;
    return *this;
  }
  Topic& insert(std::int64_t id, std::string_view note) {
    return change(change::Op::kInsert, {}, {Value::of_int(id), Value::of_bytes(note)});
  }
  Topic& update(std::int64_t id, std::string_view from, std::string_view to) {
    return change(change::Op::kUpdate, {Value::of_int(id), Value::of_bytes(from)},
                  {Value::of_int(id), Value::of_bytes(to)});
  }
  Topic& erase(std::int64_t id, std::string_view note) {
    return change(change::Op::kDelete, {Value::of_int(id), Value::of_bytes(note)}, {});
  }
  Topic& end() {
    builder_.mark_last_in_transaction();
    return *this;
  }
  /// Numbers that are passed over: a hole.
  Topic& skip(std::uint64_t changes) {
    builder_.reset_numbering(builder_.id(), Seq(builder_.next_seq().raw() + changes));
    return *this;
  }
  Topic& ride(std::uint64_t transaction) {
    builder_.ride(statement(transaction, Seq(builder_.next_seq().raw() - 1)));
    return *this;
  }

  std::shared_ptr<OwnedBatch> send() {
    const auto record = keep(builder_.finish(LocalTime{}));
    builder_.clear();
    return record;
  }
  /// "Everything up to this transaction is at or before `seq`."
  std::shared_ptr<OwnedBatch> watermark(std::uint64_t transaction, std::uint64_t seq,
                                        std::vector<change::Doubt> doubts = {}) {
    change::Watermark made = statement(transaction, Seq(seq));
    made.doubts = std::move(doubts);
    return keep(builder_.watermark_record(made, LocalTime{}));
  }
  std::shared_ptr<OwnedBatch> epoch_start(const change::EpochStart& start) {
    return keep(builder_.epoch_start_record(start, LocalTime{}));
  }

 private:
  static change::Watermark statement(std::uint64_t transaction, Seq seq) {
    change::Watermark watermark;
    watermark.time = time_of(transaction);
    watermark.position = origin_position_after(transaction);
    watermark.seq = seq;
    return watermark;
  }
  std::shared_ptr<OwnedBatch> keep(const change::EncodedRecord& record) {
    return make_record(std::string(record.header), std::string(record.value), KafkaOffset(next_offset_++));
  }

  change::BatchBuilder builder_;
  change::SourceTransaction source_;
  std::shared_ptr<const change::EncodedTable> table_;
  std::uint32_t ordinal_ = 0;
  bool no_cascade_ = false;
  std::int64_t next_offset_ = 100;
};

inline change::EpochStart first_start() {
  change::EpochStart start;
  start.partitions = {{"main", PartitionId(2), Seq(0)}};
  start.reason = "first start";
  return start;
}

/// The start of the epoch after kEpoch, in which this partition ended with `last_seq`.
inline change::EpochStart continuing_start(std::uint64_t last_seq, EpochId continued = kEpoch) {
  change::EpochStart start;
  start.continues = continued;
  start.continued = {{"main", PartitionId(0), Seq(4)}, {"main", PartitionId(2), Seq(last_seq)}};
  start.partitions = {{"main", PartitionId(0), Seq(0)}, {"main", PartitionId(2), Seq(0)}};
  start.reason = "the numbering changed";
  return start;
}

}  // namespace farshore::apply::test
