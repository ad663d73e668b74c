#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "change/batch_builder.hpp"
#include "change/batch_reader.hpp"
#include "change/partitioner.hpp"

/// What a row costs in libs/change, on rows like those of sysbench's tables (id, k, c CHAR(120), pad CHAR(60)): updates
/// of k or c, a transaction of four rows, batches of 64 KB.
namespace farshore::change {
namespace {

constexpr std::size_t kBatchBytes = 65'536;
constexpr std::size_t kRows = 1'000;

TableShape sysbench_shape() {
  TableShape shape{"sbtest", "sbtest1", {}, {0}};
  const auto add = [&](const char* name, ColumnType type, std::uint32_t length, std::uint32_t collation) {
    Column column;
    column.name = name;
    column.type = type;
    column.length = length;
    column.collation = collation;
    if (collation != 0) column.charset = "utf8mb4";
    shape.columns.push_back(column);
  };
  add("id", ColumnType::kInt, 0, 0);
  add("k", ColumnType::kInt, 0, 0);
  add("c", ColumnType::kChar, 480, 255);
  add("pad", ColumnType::kChar, 240, 255);
  return shape;
}

struct Rows {
  std::vector<std::string> texts;
  std::vector<std::vector<Value>> before;
  std::vector<std::vector<Value>> after;

  Rows() {
    texts.reserve(kRows * 3);
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto text = [&](std::size_t size, std::size_t salt) -> std::string_view {
        std::string made;
        for (std::size_t k = 0; made.size() < size; ++k) made += std::to_string((i + salt) * 7919 + k * 104'729) + "-";
        made.resize(size);
        return texts.emplace_back(made);
      };
      const auto id = static_cast<std::int64_t>(i * 97);
      before.push_back(
          {Value::of_int(id), Value::of_int(id / 2), Value::of_bytes(text(119, 1)), Value::of_bytes(text(59, 2))});
      after.push_back(before.back());
      if (i % 2 == 0) {
        after.back()[1] = Value::of_int(id / 2 + 1);
      } else {
        after.back()[2] = Value::of_bytes(text(119, 3));
      }
    }
  }
};

ChangeInput update_of(const Rows& rows, std::size_t i) {
  ChangeInput input;
  input.op = Op::kUpdate;
  input.ordinal = Ordinal(static_cast<std::uint32_t>(2 * (i % 4)));
  input.before = rows.before[i];
  input.after = rows.after[i];
  return input;
}

SourceTransaction first_transaction() {
  return {1, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1000001",
          SourceTime(std::chrono::microseconds(1'767'323'045'700'000)),
          "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1000000"};
}

void append_and_finish(benchmark::State& state) {
  const Rows rows;
  const auto table = encode_table(sysbench_shape(), "");
  SourceTransaction transaction = first_transaction();
  BatchBuilder builder("east", "main", PartitionId(0));
  builder.reset_numbering({Epoch(1), Incarnation(1)}, Seq(1));
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kRows; ++i) {
      builder.append(transaction, table, update_of(rows, i));
      if (i % 4 == 3) {
        builder.mark_last_in_transaction();
        ++transaction.serial;
      }
      if (builder.bytes() >= kBatchBytes) {
        const EncodedRecord record = builder.finish(local_now());
        benchmark::DoNotOptimize(record);
        bytes += record.value.size();
        builder.clear();
      }
    }
    count += kRows;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(append_and_finish)->Unit(benchmark::kMicrosecond);

void read(benchmark::State& state) {
  const Rows rows;
  const auto table = encode_table(sysbench_shape(), "");
  SourceTransaction transaction = first_transaction();
  BatchBuilder builder("east", "main", PartitionId(0));
  builder.reset_numbering({Epoch(1), Incarnation(1)}, Seq(1));
  for (std::size_t i = 0; builder.bytes() < kBatchBytes; ++i) {
    builder.append(transaction, table, update_of(rows, i % kRows));
    if (i % 4 == 3) {
      builder.mark_last_in_transaction();
      ++transaction.serial;
    }
  }
  const std::uint32_t count = builder.count();
  const EncodedRecord record = builder.finish(local_now());
  TableCache tables;
  Batch batch;
  for (auto _ : state) {
    if (!read_batch(record.header, record.value, tables, batch)) std::abort();
    benchmark::DoNotOptimize(batch.changes().data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * record.value.size()));
}
BENCHMARK(read)->Unit(benchmark::kMicrosecond);

void partition(benchmark::State& state) {
  const Rows rows;
  Route route;
  route.captured = true;
  const auto partitioner = Partitioner::make(route, sysbench_shape(), ServerKind::kMysql, 8);
  std::string scratch;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kRows; ++i) benchmark::DoNotOptimize(partitioner->of(rows.after[i], scratch));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kRows));
}
BENCHMARK(partition)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace farshore::change
