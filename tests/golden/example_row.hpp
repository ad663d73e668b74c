#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/numbers.hpp"
#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "change/batch_builder.hpp"
#include "change/change_table.hpp"

/// The one row that docs, golden files and tests follow on its way: order 1001 of shop.orders is paid.
///
///   CREATE TABLE shop.orders (
///     id BIGINT PRIMARY KEY, user_id INT, status ENUM('new','paid'), total DECIMAL(10,2),
///     note VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, created_at DATETIME(6))
namespace farshore::example {

inline TableShape orders_shape() {
  const auto column = [](const char* name, ColumnType type) {
    Column made;
    made.name = name;
    made.type = type;
    made.nullable = true;
    return made;
  };
  TableShape shape{"shop", "orders", {}, {0}};
  Column id = column("id", ColumnType::kBigint);
  id.nullable = false;
  Column status = column("status", ColumnType::kEnum);
  status.collation = 45;
  status.charset = "utf8mb4";
  status.labels = {"new", "paid"};
  Column total = column("total", ColumnType::kDecimal);
  total.length = 10;
  total.scale = 2;
  Column note = column("note", ColumnType::kVarchar);
  note.length = 800;
  note.collation = 45;
  note.charset = "utf8mb4";
  Column created_at = column("created_at", ColumnType::kDatetime);
  created_at.scale = 6;
  shape.columns = {id, column("user_id", ColumnType::kInt), status, total, note, created_at};
  return shape;
}

using Row = std::array<Value, 6>;

inline constexpr std::uint64_t kStatusNew = 1;
inline constexpr std::uint64_t kStatusPaid = 2;

inline Row order_row(std::uint64_t status) {
  return {Value::of_int(1001),
          Value::of_int(42),
          Value::of_uint(status),
          Value::of_text("199.90"),
          Value::of_bytes("Gr\xC3\xBC\xC3\x9F"
                          "e"),
          Value::of_text("2026-01-02 03:04:05.678901")};
}

/// 2026-01-02 03:04:05.700000 UTC.
inline constexpr SourceTime kCommitTime{std::chrono::microseconds(1767323045700000)};
inline constexpr LocalTime kPublishedAt{std::chrono::microseconds(1767323045703000)};
inline constexpr EpochId kEpoch{Epoch(1), Incarnation(0x0123456789ABCDEF)};
inline constexpr Seq kSeq{7};
inline constexpr PartitionId kPartition{3};

inline change::SourceTransaction transaction() {
  return {1, "3e11fa47-71ca-11e1-9e33-c80aa9429562:23", kCommitTime, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-22"};
}

inline change::BatchBuilder empty_batch() {
  change::BatchBuilder builder("east", "main", kPartition);
  builder.reset_numbering(kEpoch, kSeq);
  return builder;
}

/// The update of the order from `new` to `paid`, a whole transaction.
inline void append_paid_order(change::BatchBuilder& builder) {
  const Row before = order_row(kStatusNew);
  const Row after = order_row(kStatusPaid);
  change::ChangeInput input;
  input.op = change::Op::kUpdate;
  input.before = before;
  input.after = after;
  builder.append(transaction(), change::encode_table(orders_shape(), ""), input);
  builder.mark_last_in_transaction();
}

inline change::BatchBuilder paid_order_batch() {
  change::BatchBuilder builder = empty_batch();
  append_paid_order(builder);
  return builder;
}

}  // namespace farshore::example
