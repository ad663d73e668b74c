#include "change/op.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>

namespace farshore::change {
namespace {

constexpr std::array kOps{Op::kInsert, Op::kUpdate, Op::kDelete};

TEST(Op, IsWhatLiesBetweenTheRowBeforeAndTheRowAfterwards) {
  for (const Op op : kOps) EXPECT_EQ(op_between(had_row(op), leaves_row(op)), op) << to_string(op);
  EXPECT_EQ(op_between(false, false), Op::kDelete) << "an INSERT and a DELETE of one row";
}

TEST(Op, OnlyAnUpdateHasBothRows) {
  for (const Op op : kOps) EXPECT_EQ(changes_row(op), op == Op::kUpdate) << to_string(op);
}

TEST(Op, IsReadFromItsNumberOnly) {
  for (const Op op : kOps) EXPECT_EQ(op_of(static_cast<std::uint64_t>(op)), op);
  for (const std::uint64_t number : {0UL, 4UL, 257UL, UINT64_MAX}) EXPECT_EQ(op_of(number), std::nullopt) << number;
}

}  // namespace
}  // namespace farshore::change
