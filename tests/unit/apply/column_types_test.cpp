// Every column type, recorded from real servers, on its whole way: decoded, put into a batch and read from it, printed,
// written as a literal, judged against a target's column, and taken as a key. A type that is added to kColumnTypes and
// forgotten at one of these places fails here.

#include <gmock/gmock.h>

#include <set>

#include "apply/table_fit.hpp"
#include "base/column_type.hpp"
#include "change/decode_json.hpp"
#include "change/key.hpp"
#include "change/key_shape.hpp"
#include "mysql/cell_form.hpp"
#include "mysql/charset_text.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema_shape.hpp"
#include "targets.hpp"
#include "unit/binlog/recorded.hpp"
#include "unit/change/batch_support.hpp"

namespace farshore::apply {
namespace {

using ::testing::HasSubstr;

/// The column of a target that was made by the same statement.
mysql::ColumnSchema same_column(const Column& column, ServerKind kind) {
  const TypeInfo& info = info_of(column.type);
  const bool is_binary = column.charset == "binary";
  mysql::ColumnSchema target;
  target.name = column.name;
  target.data_type = mysql::lower_case(std::string(is_binary ? info.binary_name : info.name));
  target.is_unsigned = column.is_unsigned;
  target.nullable = column.nullable;
  target.charset = is_binary ? "" : column.charset;
  target.collation = is_binary || column.collation == 0 ? "" : find_collation(kind, column.collation).name;
  target.length_bytes = column.length;
  if (column.type == ColumnType::kText) target.length_bytes = (std::uint64_t{1} << (8 * column.length)) - 1;
  target.length_characters = target.length_bytes;
  target.precision = column.length;
  target.scale = column.scale;
  target.column_type = target.data_type;
  if (info.family == TypeFamily::kLabels) {
    target.column_type += "(";
    for (const std::string& label : column.labels) {
      target.column_type +=
          (target.column_type.ends_with('(') ? "'" : ",'") + *mysql::utf8_text(label, column.charset) + "'";
    }
    target.column_type += ")";
  }
  return target;
}

class Walk {
 public:
  Walk(const TableShape& shape, ServerKind kind) : shape_(shape), kind_(kind) {}

  void column(std::size_t at, const Value& value) {
    const Column& column = shape_.columns[at];
    SCOPED_TRACE(shape_.name + "." + column.name);
    EXPECT_EQ(value.kind(), change::kind_of(column)) << "decoded as another kind than a batch carries";
    in_a_batch(at, value);
    at_a_target(column, value);
    in_a_key(at, value);
  }

 private:
  void in_a_batch(std::size_t at, const Value& value) {
    TableShape narrow{shape_.schema, shape_.name, {shape_.columns[at]}, {0}};
    const auto table = change::encode_table(narrow, "");
    change::BatchBuilder builder = change::make_builder();
    const std::vector<Value> row{value};
    change::ChangeInput input;
    input.op = change::Op::kInsert;
    input.after = row;
    builder.append({1, "0-1-1", SourceTime(std::chrono::microseconds(1)), ""}, table, input);
    const change::OwnedRecord record(builder.finish(LocalTime(std::chrono::microseconds(2))));
    change::TableCache cache;
    change::Batch batch;
    ASSERT_TRUE(change::read_batch(record.header, record.value, cache, batch));
    EXPECT_EQ(batch.changes().front().table->shape.columns, narrow.columns);
    EXPECT_EQ(batch.changes().front().after[0], value);
    std::string line;
    change::append_json_lines(batch, line);
    EXPECT_THAT(line, HasSubstr("\"" + narrow.columns[0].name + "\""));
  }

  void at_a_target(const Column& column, const Value& value) {
    const mysql::ColumnSchema target = same_column(column, kind_);
    EXPECT_EQ(silent_loss(column, target), std::nullopt);
    EXPECT_NE(silent_loss(column, test::target_column("c", "geometry")), std::nullopt);
    std::string literal;
    const bool is_invalid = column.type == ColumnType::kEnum && value.as_uint() == 0;  // what a lax sql_mode stores
    EXPECT_EQ(mysql::LiteralWriter(column, &target).append_stored(value, literal), !is_invalid);
    EXPECT_EQ(literal.empty(), is_invalid);
    EXPECT_NE(mysql::CellForm(column, target).expression("c"), "IF(c IS NULL,NULL,1)")
        << "a query shows nothing of it, and each row of its table is compared alone";
    mysql::TableSchema table;
    table.columns.push_back(target);
    const auto described = mysql::shape_of(table, kind_);
    ASSERT_TRUE(described.has_value()) << described.error();
    EXPECT_EQ(described->columns[0].type, column.type);
  }

  void in_a_key(std::size_t at, const Value& value) {
    const Column& column = shape_.columns[at];
    std::string bytes;
    change::append_canonical(value, column, false, bytes);
    EXPECT_NE(bytes, "");
    TableShape keyed = shape_;
    keyed.key = {static_cast<std::uint32_t>(at)};
    const TypeInfo& info = info_of(column.type);
    EXPECT_THAT(change::key_shape(keyed, {}, kind_),
                HasSubstr(column.charset == "binary" ? info.binary_name : info.name));
    const TypeFamily family = info.family;
    const bool may_compare_otherwise =
        family == TypeFamily::kReal || family == TypeFamily::kJson || family == TypeFamily::kString;
    EXPECT_TRUE(may_compare_otherwise || change::column_is_bytewise(column, kind_));
  }

  const TableShape& shape_;
  const ServerKind kind_;
};

/// Walks every value of the recording. Which types it has.
std::set<ColumnType> walk(const std::string& recording) {
  std::set<ColumnType> walked;
  binlog::Playback playback(recording);
  binlog::RowCursor cursor;
  const ServerKind kind = binlog::kind_of_recording(recording);
  for (binlog::Event event = playback.next(); event.kind != binlog::Event::Kind::kNone; event = playback.next()) {
    if (event.kind != binlog::Event::Kind::kRows) continue;
    const TableShape& shape = *event.rows.table->shape;
    Walk row(shape, kind);
    cursor.start(event.rows);
    for (RowChange change; cursor.next(change);) {
      for (std::size_t i = 0; i < change.after.size(); ++i) {
        if (change.after[i].is_null()) continue;
        row.column(i, change.after[i]);
        walked.insert(shape.columns[i].type);
      }
    }
  }
  return walked;
}

TEST(ColumnTypes, EachGoesItsWholeWay) {
  std::set<ColumnType> walked;
  for (const char* const recording : {"mysql-types.binlog", "mysql-documents.binlog", "mariadb-types.binlog"})
    walked.merge(walk(recording));
  for (const TypeInfo& info : kColumnTypes)
    EXPECT_TRUE(walked.contains(info.type)) << info.name << " is recorded nowhere";
}

}  // namespace
}  // namespace farshore::apply
