// Every column type, recorded from real servers: what the row cursor reads is what SELECT printed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/json_scalars.hpp"
#include "recorded.hpp"

namespace farshore::binlog {
namespace {

using Cells = std::vector<std::string>;

Cells split(const std::string& line) {
  Cells cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
  return cells;
}

/// The oracle's rows: table name and one cell a column.
std::vector<Cells> selected_rows(const std::string& name) {
  std::vector<Cells> rows;
  std::istringstream in(read_data(name));
  for (std::string line; std::getline(in, line);) rows.push_back(split(line));
  return rows;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return out;
}

/// A decoded value in the oracle's form.
std::string cell_of(const Value& value, const Column& column) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "NULL";
    case Value::Kind::kInt: return std::to_string(value.as_int());
    case Value::Kind::kUint: return std::to_string(value.as_uint());
    case Value::Kind::kFloat: return fmt::format("{}", static_cast<double>(value.as_float()));
    case Value::Kind::kDouble: return fmt::format("{}", value.as_double());
    case Value::Kind::kBytes: return hex(value.bytes());
    case Value::Kind::kText:
      return column.type == ColumnType::kJson ? hex(json_text(value.bytes())) : std::string(value.bytes());
  }
  return {};
}

/// Numbers of FLOAT and DOUBLE columns compare as numbers: their texts differ.
bool same_cell(const std::string& decoded, const std::string& selected, const Column& column) {
  const bool is_floating = column.type == ColumnType::kFloat || column.type == ColumnType::kDouble;
  if (!is_floating || decoded == "NULL") return decoded == selected;
  return std::strtod(decoded.c_str(), nullptr) == std::strtod(selected.c_str(), nullptr);
}

std::map<std::string, std::vector<Cells>> decoded_rows(Playback& playback, std::map<std::string, TableShape>& shapes) {
  std::map<std::string, std::vector<Cells>> rows;
  RowCursor cursor;
  for (Event event = playback.next(); event.kind != Event::Kind::kNone; event = playback.next()) {
    if (event.kind != Event::Kind::kRows) continue;
    const TableShape& shape = *event.rows.table->shape;
    shapes[shape.name] = shape;
    cursor.start(event.rows);
    for (RowChange change; cursor.next(change);) {
      Cells cells;
      for (std::size_t i = 0; i < change.after.size(); ++i) cells.push_back(cell_of(change.after[i], shape.columns[i]));
      rows[shape.name].push_back(cells);
    }
    EXPECT_EQ(cursor.error(), "");
  }
  return rows;
}

class Types : public testing::TestWithParam<const char*> {};

TEST_P(Types, every_value_is_what_select_prints) {
  Playback playback(std::string(GetParam()) + ".binlog");
  std::map<std::string, TableShape> shapes;
  auto decoded = decoded_rows(playback, shapes);
  std::map<std::string, std::size_t> seen;
  for (const Cells& selected : selected_rows(std::string(GetParam()) + ".rows")) {
    const std::string& table = selected.at(0);
    const std::size_t row = seen[table]++;
    ASSERT_LT(row, decoded[table].size()) << table;
    const Cells& cells = decoded[table][row];
    const std::vector<Column>& columns = shapes[table].columns;
    ASSERT_EQ(cells.size(), columns.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string wanted = i + 1 < selected.size() ? selected[i + 1] : "";  // a last empty cell is not split off
      EXPECT_TRUE(same_cell(cells[i], wanted, columns[i]))
          << table << " row " << row << " column " << columns[i].name << ": decoded " << cells[i].substr(0, 400)
          << " selected " << wanted.substr(0, 400);
    }
  }
  EXPECT_EQ(seen.size(), decoded.size());
}

INSTANTIATE_TEST_SUITE_P(Servers, Types, testing::Values("mysql-types", "mariadb-types", "mysql-documents"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

class Shapes : public testing::TestWithParam<const char*> {
 protected:
  std::map<std::string, TableShape> shapes() {
    Playback playback(std::string(GetParam()) + "-types.binlog");
    std::map<std::string, TableShape> found;
    (void)decoded_rows(playback, found);
    return found;
  }
};

const Column& column(const TableShape& shape, std::string_view name) {
  for (const Column& candidate : shape.columns) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << name;
  std::abort();
}

TEST_P(Shapes, integers_know_their_width_and_sign) {
  const TableShape shape = shapes()["integers"];
  EXPECT_EQ(shape.full_name(), "golden.integers");
  EXPECT_EQ(shape.key, std::vector<std::uint32_t>{0});
  EXPECT_FALSE(column(shape, "id").nullable);
  EXPECT_TRUE(column(shape, "t").nullable);
  const std::pair<const char*, ColumnType> kWanted[] = {{"t", ColumnType::kTinyint},
                                                        {"s", ColumnType::kSmallint},
                                                        {"m", ColumnType::kMediumint},
                                                        {"i", ColumnType::kInt},
                                                        {"b", ColumnType::kBigint}};
  for (const auto& [name, type] : kWanted) {
    EXPECT_EQ(column(shape, name).type, type);
    EXPECT_FALSE(column(shape, name).is_unsigned) << name;
    EXPECT_EQ(column(shape, std::string(name) + "u").type, type);
    EXPECT_TRUE(column(shape, std::string(name) + "u").is_unsigned) << name;
  }
  EXPECT_EQ(column(shape, "y").type, ColumnType::kYear);
}

TEST_P(Shapes, lengths_and_scales_are_those_of_the_declaration) {
  auto all = shapes();
  EXPECT_EQ(column(all["fractions"], "d65").length, 65U);
  EXPECT_EQ(column(all["fractions"], "d65").scale, 30U);
  EXPECT_TRUE(column(all["fractions"], "d18u").is_unsigned);
  EXPECT_TRUE(column(all["fractions"], "fu").is_unsigned);
  EXPECT_FALSE(column(all["fractions"], "f").is_unsigned);
  EXPECT_EQ(column(all["bits"], "b9").length, 9U);
  EXPECT_EQ(column(all["bits"], "b64").length, 64U);
  EXPECT_EQ(column(all["temporals"], "t3").scale, 3U);
  EXPECT_EQ(column(all["temporals"], "ts6").scale, 6U);
  EXPECT_EQ(column(all["strings"], "c200").length, 800U);
  EXPECT_EQ(column(all["strings"], "vlong").length, 1200U);
  EXPECT_EQ(column(all["binaries"], "b").length, 8U);
  EXPECT_EQ(column(all["binaries"], "lb").length, 4U);
}

TEST_P(Shapes, strings_know_their_character_set) {
  auto all = shapes();
  const TableShape& strings = all["strings"];
  EXPECT_EQ(column(strings, "c4").charset, "utf8mb4");
  EXPECT_EQ(column(strings, "c4").type, ColumnType::kChar);
  EXPECT_EQ(column(strings, "l1").charset, "latin1");
  EXPECT_EQ(column(strings, "vgbk").charset, "gbk");
  EXPECT_EQ(column(strings, "v16").charset, "utf16");
  EXPECT_EQ(column(strings, "lt").charset, "gbk");
  EXPECT_EQ(column(strings, "t").type, ColumnType::kText);
  EXPECT_EQ(column(strings, "vbin").collation, 46U);
  EXPECT_EQ(column(all["binaries"], "b").charset, "binary");
  EXPECT_EQ(column(all["binaries"], "bl").charset, "binary");
  EXPECT_EQ(column(all["integers"], "i").charset, "");
}

TEST_P(Shapes, labels_are_in_the_columns_character_set) {
  const TableShape shape = shapes()["labels"];
  EXPECT_EQ(column(shape, "e").labels, (std::vector<std::string>{"small", "medium", "large"}));
  EXPECT_EQ(column(shape, "eg").labels, (std::vector<std::string>{"\xe9", "\xfc"}));
  EXPECT_EQ(column(shape, "eg").charset, "latin1");
  EXPECT_EQ(column(shape, "s").labels.size(), 3U);
  EXPECT_EQ(column(shape, "s20").labels.back(), "a20");
}

INSTANTIATE_TEST_SUITE_P(Servers, Shapes, testing::Values("mysql", "mariadb"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace farshore::binlog
