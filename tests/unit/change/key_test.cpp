#include "change/key.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "golden/example_row.hpp"

namespace farshore::change {
namespace {

constexpr std::uint32_t kUtf8mb4GeneralCi = 45;
constexpr std::uint32_t kUtf8mb4Bin = 46;

Column column_of(ColumnType type, std::uint32_t collation = 0, std::string charset = "") {
  Column column;
  column.name = "c";
  column.type = type;
  column.collation = collation;
  column.charset = std::move(charset);
  return column;
}

std::string canonical(const Value& value, const Column& column, bool pads = false) {
  std::string out;
  append_canonical(value, column, pads, out);
  return out;
}

TEST(Key, ColumnIsBytewiseWhenEqualityIsEqualityOfBytes) {
  for (const ColumnType type : {ColumnType::kInt, ColumnType::kDecimal, ColumnType::kDatetime, ColumnType::kEnum,
                                ColumnType::kSet, ColumnType::kBit, ColumnType::kYear}) {
    EXPECT_TRUE(column_is_bytewise(column_of(type), ServerKind::kMysql));
  }
  for (const ColumnType type : {ColumnType::kFloat, ColumnType::kDouble, ColumnType::kJson}) {
    EXPECT_FALSE(column_is_bytewise(column_of(type), ServerKind::kMysql));
  }
  EXPECT_TRUE(column_is_bytewise(column_of(ColumnType::kVarchar, 63, "binary"), ServerKind::kMysql));
  EXPECT_TRUE(column_is_bytewise(column_of(ColumnType::kVarchar, kUtf8mb4Bin, "utf8mb4"), ServerKind::kMysql));
  EXPECT_FALSE(column_is_bytewise(column_of(ColumnType::kVarchar, kUtf8mb4GeneralCi, "utf8mb4"), ServerKind::kMysql));
  EXPECT_FALSE(column_is_bytewise(column_of(ColumnType::kVarchar, 65'000, "new"), ServerKind::kMysql))
      << "a collation that is not known";
}

TEST(Key, IsBytewiseWhenAllItsColumnsAre) {
  TableShape shape = example::orders_shape();
  EXPECT_TRUE(key_is_bytewise(shape, ServerKind::kMysql));
  shape.key = {0, 4};
  EXPECT_FALSE(key_is_bytewise(shape, ServerKind::kMysql));
  shape.key = {};
  EXPECT_FALSE(key_is_bytewise(shape, ServerKind::kMysql));
}

TEST(Key, CanonicalFormIsSharedByEqualValues) {
  const Column number = column_of(ColumnType::kBigint);
  EXPECT_EQ(canonical(Value::of_int(42), number), canonical(Value::of_uint(42), number));
  EXPECT_NE(canonical(Value::of_int(-1), number), canonical(Value::of_uint(~std::uint64_t{0}), number));
  const Column decimal = column_of(ColumnType::kDecimal);
  EXPECT_EQ(canonical(Value::of_text("-0.00"), decimal), canonical(Value::of_text("0.00"), decimal));
  EXPECT_NE(canonical(Value::of_text("-0.01"), decimal), canonical(Value::of_text("0.01"), decimal));
  const Column text = column_of(ColumnType::kVarchar, kUtf8mb4Bin, "utf8mb4");
  EXPECT_EQ(canonical(Value::of_bytes("a  "), text, true), canonical(Value::of_bytes("a"), text, true));
  EXPECT_NE(canonical(Value::of_bytes("a "), text, false), canonical(Value::of_bytes("a"), text, false));
  EXPECT_NE(canonical(Value::null(), text), canonical(Value::of_bytes(""), text));
}

TEST(Key, TrailingPadIsOneOfTheCharacterSet) {
  using namespace std::string_view_literals;
  EXPECT_EQ(without_trailing_pad("ab  ", "latin1"), "ab");
  EXPECT_EQ(without_trailing_pad("   ", "utf8mb4"), "");
  EXPECT_EQ(without_trailing_pad("\0a\0 "sv, "utf16"), "\0a"sv);
  EXPECT_EQ(without_trailing_pad("a\0 \0"sv, "utf16le"), "a\0"sv);
  EXPECT_EQ(without_trailing_pad("\0\0\0a\0\0\0 "sv, "utf32"), "\0\0\0a"sv);
}

TEST(Key, BytesKeepTheColumnsApart) {
  TableShape shape = example::orders_shape();
  shape.columns = {column_of(ColumnType::kVarchar, 63, "binary"), column_of(ColumnType::kVarchar, 63, "binary")};
  shape.key = {0, 1};
  std::string first;
  std::string second;
  encode_key(std::vector<Value>{Value::of_bytes("ab"), Value::of_bytes("c")}, shape, first);
  encode_key(std::vector<Value>{Value::of_bytes("a"), Value::of_bytes("bc")}, shape, second);
  EXPECT_NE(first, second);
}

TEST(Key, TextIsForPeople) {
  TableShape shape = example::orders_shape();
  const example::Row row = example::order_row(example::kStatusNew);
  EXPECT_EQ(key_text(row, shape), "1001");
  shape.key = {0, 4};
  EXPECT_EQ(key_text(row, shape), "(1001, 'Gr\\xc3\\xbc\\xc3\\x9fe')");
}

TEST(Key, TextIsShort) {
  TableShape shape = example::orders_shape();
  shape.key = {4};
  example::Row row = example::order_row(example::kStatusNew);
  const std::string note(10'000, '\xFF');
  row[4] = Value::of_bytes(note);
  EXPECT_LE(key_text(row, shape).size(), 200U);
}

}  // namespace
}  // namespace farshore::change
