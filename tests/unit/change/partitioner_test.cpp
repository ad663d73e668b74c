#include "change/partitioner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "golden/example_row.hpp"

namespace farshore::change {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t kPartitions = 8;

Route captured(std::string group = "", std::string entity = "") {
  Route route;
  route.captured = true;
  route.group = std::move(group);
  route.entity = std::move(entity);
  return route;
}

PartitionId partition_of(const Route& route, const TableShape& shape, std::span<const Value> row,
                         std::uint32_t partitions = kPartitions) {
  std::string scratch;
  return Partitioner::make(route, shape, ServerKind::kMysql, partitions)->of(row, scratch);
}

TableShape shape_of(std::vector<Column> columns, std::vector<std::uint32_t> key) {
  return {"shop", "things", std::move(columns), std::move(key)};
}

Column collated_column(std::string name, ColumnType type, std::uint32_t collation = 0, std::string charset = "") {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.collation = collation;
  column.charset = std::move(charset);
  return column;
}

// These numbers decide where rows already published lie: they must never change. A hash that gives others is a new
// kNumberingAlgorithm, and with it a new epoch.
TEST(Partitioner, GoldenValuesNeverChange) {
  const TableShape orders = example::orders_shape();
  std::vector<std::int32_t> by_key;
  for (std::int64_t id = 1000; id < 1012; ++id) {
    example::Row row = example::order_row(example::kStatusNew);
    row[0] = Value::of_int(id);
    by_key.push_back(partition_of(captured(), orders, row, 64).raw());
  }
  EXPECT_THAT(by_key, testing::ElementsAre(20, 17, 61, 28, 5, 33, 13, 48, 5, 55, 55, 18));
  const example::Row row = example::order_row(example::kStatusNew);
  EXPECT_EQ(partition_of(captured("orders"), orders, row, 64), PartitionId(53));

  TableShape by_user = orders;
  by_user.key = {1, 0};
  EXPECT_EQ(partition_of(captured("", "user_id"), by_user, row, 64), PartitionId(48));

  const Column text = collated_column("code", ColumnType::kVarchar, 45, "utf8mb4");
  EXPECT_EQ(partition_of(captured(), shape_of({text}, {0}), std::vector{Value::of_bytes("a")}, 64), PartitionId(43));
  const Column binary = collated_column("code", ColumnType::kVarchar, 63, "binary");
  EXPECT_EQ(partition_of(captured(), shape_of({binary}, {0}), std::vector{Value::of_bytes("a")}, 64), PartitionId(24));
}

TEST(Partitioner, SpreadsKeysOverAllPartitions) {
  std::set<std::int32_t> seen;
  for (std::int64_t id = 0; id < 200; ++id) {
    example::Row row = example::order_row(example::kStatusNew);
    row[0] = Value::of_int(id);
    seen.insert(partition_of(captured(), example::orders_shape(), row).raw());
  }
  EXPECT_EQ(seen.size(), kPartitions);
}

TEST(Partitioner, KeepsTheTablesOfAGroupTogether) {
  const example::Row row = example::order_row(example::kStatusNew);
  const TableShape other = shape_of({collated_column("id", ColumnType::kInt)}, {0});
  EXPECT_EQ(partition_of(captured("orders"), example::orders_shape(), row),
            partition_of(captured("orders"), other, std::vector{Value::of_int(5)}));
}

TEST(Partitioner, KeepsAnEntityTogetherOverTablesAndIntegerTypes) {
  TableShape orders = example::orders_shape();
  orders.key = {1, 0};
  const TableShape wallet = shape_of({collated_column("user_id", ColumnType::kBigint)}, {0});
  for (std::int64_t user = 0; user < 50; ++user) {
    example::Row row = example::order_row(example::kStatusNew);
    row[1] = Value::of_int(user);
    EXPECT_EQ(
        partition_of(captured("", "user_id"), orders, row),
        partition_of(captured("", "user_id"), wallet, std::vector{Value::of_uint(static_cast<std::uint64_t>(user))}));
  }
}

TEST(Partitioner, RefusesAnEntityThatIsNotInTheKeyOrNotBytewise) {
  const auto outside = Partitioner::make(captured("", "user_id"), example::orders_shape(), ServerKind::kMysql, 8);
  ASSERT_FALSE(outside.has_value());
  EXPECT_THAT(outside.error(), HasSubstr("shop.orders"));
  const TableShape by_name = shape_of({collated_column("name", ColumnType::kVarchar, 45, "utf8mb4")}, {0});
  EXPECT_FALSE(Partitioner::make(captured("", "name"), by_name, ServerKind::kMysql, 8).has_value());
}

TEST(Partitioner, NeverPartsKeysThatTheSourceHoldsEqual) {
  const TableShape ci = shape_of(
      {collated_column("id", ColumnType::kInt), collated_column("code", ColumnType::kVarchar, 45, "utf8mb4")}, {0, 1});
  const TableShape padded = shape_of({collated_column("code", ColumnType::kVarchar, 46, "utf8mb4")}, {0});
  for (std::int64_t id = 0; id < 50; ++id) {
    EXPECT_EQ(partition_of(captured(), ci, std::vector{Value::of_int(id), Value::of_bytes("ABC")}),
              partition_of(captured(), ci, std::vector{Value::of_int(id), Value::of_bytes("abc")}));
    const std::string bare = "a" + std::to_string(id);
    const std::string with_pad = bare + "  ";
    EXPECT_EQ(partition_of(captured(), padded, std::vector{Value::of_bytes(bare)}),
              partition_of(captured(), padded, std::vector{Value::of_bytes(with_pad)}));
  }
}

TEST(Partitioner, UsesOnePartitionForATableWhoseKeyHasNothingBytewise) {
  const TableShape ci = shape_of({collated_column("code", ColumnType::kVarchar, 45, "utf8mb4")}, {0});
  const PartitionId first = partition_of(captured(), ci, std::vector{Value::of_bytes("a")});
  for (const char* code : {"b", "c", "d", "e"}) {
    EXPECT_EQ(partition_of(captured(), ci, std::vector{Value::of_bytes(code)}), first);
  }
}

}  // namespace
}  // namespace farshore::change
