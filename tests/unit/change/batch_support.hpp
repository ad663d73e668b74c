#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "change/batch_builder.hpp"
#include "change/batch_reader.hpp"
#include "golden/example_row.hpp"
#include "unit/gtid_literal.hpp"

/// What the tests of batches share: batches of random shapes and rows, and what they must be read as.
namespace farshore::change {

/// A record that owns its bytes.
struct OwnedRecord {
  std::string header;
  std::string value;

  OwnedRecord() = default;
  explicit OwnedRecord(const EncodedRecord& record) : header(record.header), value(record.value) {}
};

/// The header's checksum made right again, after a test changed the value.
inline void seal_again(OwnedRecord& record) {
  const auto header = decode_header(record.header);
  ASSERT_TRUE(header.has_value());
  std::string sealed;
  const std::string kept = record.header;
  encode_header(*decode_header(kept), record.value, sealed);
  record.header = sealed;
}

struct ExpectedChange {
  Op op = Op::kInsert;
  std::uint32_t table = 0;
  SourceTransaction transaction;
  Ordinal ordinal;
  bool last_in_transaction = false;
  bool key_change = false;
  bool no_cascade = false;
  std::vector<Value> before;
  std::vector<Value> after;
};

struct RandomBatch {
  std::vector<std::shared_ptr<const EncodedTable>> tables;
  std::vector<ExpectedChange> changes;
  std::deque<std::string> bytes;  ///< what the values point to
};

class RandomBatches {
 public:
  explicit RandomBatches(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  RandomBatch make() {
    RandomBatch batch;
    const std::size_t tables = 1 + below(4);
    for (std::size_t i = 0; i < tables; ++i) {
      batch.tables.push_back(encode_table(shape(i), below(3) == 0 ? "orders" : ""));
    }
    const std::size_t changes = 1 + below(40);
    std::uint64_t serial = 1;
    for (std::size_t i = 0; i < changes; ++i) {
      if (i > 0 && below(3) == 0) ++serial;
      batch.changes.push_back(change(batch, serial, static_cast<std::uint32_t>(i)));
    }
    for (std::size_t i = 0; i < changes; ++i) {
      const bool is_end =
          i + 1 == changes || batch.changes[i + 1].transaction.serial != batch.changes[i].transaction.serial;
      batch.changes[i].last_in_transaction = is_end && below(4) != 0;
    }
    return batch;
  }

 private:
  TableShape shape(std::size_t number) {
    TableShape shape{"shop", "table_" + std::to_string(number), {}, {}};
    const std::size_t columns = below(20) == 0 ? 150 : 1 + below(12);
    for (std::size_t i = 0; i < columns; ++i) {
      Column column;
      column.name = "column_" + std::to_string(i);
      column.type = static_cast<ColumnType>(1 + below(20));
      column.is_unsigned = below(2) == 0;
      column.nullable = below(2) == 0;
      column.length = static_cast<std::uint32_t>(below(300));
      column.scale = static_cast<std::uint32_t>(below(7));
      column.collation = static_cast<std::uint32_t>(below(300));
      column.charset = below(2) == 0 ? "utf8mb4" : "";
      if (column.type == ColumnType::kEnum) column.labels = {"new", "paid"};
      shape.columns.push_back(column);
    }
    shape.key.push_back(static_cast<std::uint32_t>(below(columns)));
    return shape;
  }

  std::string_view some_bytes(RandomBatch& batch) {
    std::size_t size = below(40);
    if (below(30) == 0) size = 100 + below(100);
    if (below(300) == 0) size = 16'000 + below(2'000);
    std::string& bytes = batch.bytes.emplace_back(size, '\0');
    for (char& c : bytes) c = static_cast<char>(below(256));
    return bytes;
  }

  Value value(RandomBatch& batch, Value::Kind kind) {
    if (below(8) == 0) return Value::null();
    const std::uint64_t number = random_() >> below(64);
    switch (kind) {
      case Value::Kind::kNull: return Value::null();
      case Value::Kind::kInt: return Value::of_int(static_cast<std::int64_t>(below(2) == 0 ? number : ~number));
      case Value::Kind::kUint: return Value::of_uint(number);
      case Value::Kind::kFloat: return Value::of_float(static_cast<float>(number) / 3);
      case Value::Kind::kDouble: return Value::of_double(static_cast<double>(number) / 3);
      case Value::Kind::kBytes: return Value::of_bytes(some_bytes(batch));
      case Value::Kind::kText: return Value::of_text(some_bytes(batch));
    }
    return Value::null();
  }

  std::vector<Value> row(RandomBatch& batch, const ChangeTable& table) {
    std::vector<Value> row;
    for (const Value::Kind kind : table.kinds) row.push_back(value(batch, kind));
    return row;
  }

  ExpectedChange change(RandomBatch& batch, std::uint64_t serial, std::uint32_t number) {
    ExpectedChange change;
    change.op = static_cast<Op>(1 + below(3));
    change.table = static_cast<std::uint32_t>(below(batch.tables.size()));
    change.transaction = {serial, "0-1-" + std::to_string(serial + 100),
                          SourceTime(std::chrono::microseconds(serial == 3 ? 0 : 1'700'000'000'000'000 + serial)),
                          serial == 1 && below(4) == 0 ? "" : "0-1-" + std::to_string(serial + 99)};
    change.ordinal = Ordinal(2 * number);
    change.key_change = below(5) == 0;
    change.no_cascade = below(5) == 0;
    const ChangeTable& table = batch.tables[change.table]->table;
    if (change.op != Op::kDelete) change.after = row(batch, table);
    if (change.op == Op::kDelete) change.before = row(batch, table);
    if (change.op == Op::kUpdate) {
      change.before = change.after;
      for (std::size_t i = 0; i < change.before.size(); ++i) {
        if (below(3) == 0) change.before[i] = value(batch, table.kinds[i]);
      }
    }
    return change;
  }

  std::mt19937_64 random_;
};

inline void append_all(const RandomBatch& batch, BatchBuilder& builder) {
  // Same position for the same transaction, as a capture gives it.
  SourceTransaction transaction;
  for (const ExpectedChange& change : batch.changes) {
    if (change.transaction.serial != transaction.serial) transaction = change.transaction;
    ChangeInput input;
    input.op = change.op;
    input.ordinal = change.ordinal;
    input.key_change = change.key_change;
    input.no_cascade = change.no_cascade;
    input.before = change.before;
    input.after = change.after;
    builder.append(transaction, batch.tables[change.table], input);
    if (change.last_in_transaction) builder.mark_last_in_transaction();
  }
}

inline BatchBuilder make_builder(Seq first = Seq(1)) {
  BatchBuilder builder("east", "main", example::kPartition);
  builder.reset_numbering(example::kEpoch, first);
  return builder;
}

}  // namespace farshore::change
