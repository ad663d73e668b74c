#include "store/added_column.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

std::string_view word_of(ColumnConstant::Kind kind) {
  switch (kind) {
    case ColumnConstant::Kind::kNull: return "null";
    case ColumnConstant::Kind::kNumber: return "number";
    case ColumnConstant::Kind::kText: return "text";
  }
  return "";
}

ColumnConstant::Kind kind_of(std::string_view word) {
  if (word == "null") return ColumnConstant::Kind::kNull;
  return word == "number" ? ColumnConstant::Kind::kNumber : ColumnConstant::Kind::kText;
}

}  // namespace

std::expected<void, SqlError> await_column(mysql::Connection& connection, std::string_view region,
                                           const AwaitedColumn& awaited) {
  std::string constant;
  mysql::append_binary_literal(awaited.column.constant.text, constant);
  std::string type;
  mysql::append_binary_literal(awaited.column.type, type);
  const auto done = connection.execute(fmt::format(
      "INSERT INTO farshore.added_column (region, origin, stream, schema_name, table_name, column_name, epoch, "
      "incarnation, kind, constant, type) VALUES ({},{},{},{},{},{},{},{},'{}',{},{}) ON DUPLICATE KEY UPDATE "
      "epoch=VALUES(epoch), incarnation=VALUES(incarnation), kind=VALUES(kind), constant=VALUES(constant), "
      "type=VALUES(type)",
      text_literal(region), text_literal(awaited.origin), text_literal(awaited.stream),
      text_literal(awaited.table.schema), text_literal(awaited.table.table), text_literal(awaited.column.name),
      awaited.epoch.epoch.raw(), awaited.epoch.incarnation.raw(), word_of(awaited.column.constant.kind), constant,
      type));
  if (!done) return std::unexpected(done.error());
  return {};
}

std::expected<std::vector<AwaitedColumn>, SqlError> read_awaited(mysql::Connection& connection,
                                                                 std::string_view region) {
  const auto rows = connection.query(fmt::format(
      "SELECT origin, stream, schema_name, table_name, column_name, epoch, incarnation, kind, constant, type FROM "
      "farshore.added_column WHERE region={} ORDER BY schema_name, table_name, column_name, origin, stream",
      text_literal(region)));
  if (!rows && rows.error().kind == mysql::SqlErrorKind::kMissingTable) return std::vector<AwaitedColumn>();
  if (!rows) return std::unexpected(rows.error());
  std::vector<AwaitedColumn> awaited;
  for (std::size_t at = 0; at < rows->size(); ++at) {
    awaited.push_back({.origin = rows->text(at, 0),
                       .stream = rows->text(at, 1),
                       .table = {.schema = rows->text(at, 2), .table = rows->text(at, 3)},
                       .column = {.name = rows->text(at, 4),
                                  .constant = {.kind = kind_of(rows->text(at, 7)), .text = rows->text(at, 8)},
                                  .type = rows->text(at, 9)},
                       .epoch = {Epoch(static_cast<std::uint32_t>(rows->unsigned_integer(at, 5))),
                                 Incarnation(rows->unsigned_integer(at, 6))}});
  }
  return awaited;
}

std::expected<void, SqlError> forget_awaited(mysql::Connection& connection, std::string_view region,
                                             const AwaitedColumn& awaited) {
  const auto done = connection.execute(fmt::format(
      "DELETE FROM farshore.added_column WHERE region={} AND origin={} AND stream={} AND schema_name={} AND "
      "table_name={} AND column_name={} AND epoch<={}",
      text_literal(region), text_literal(awaited.origin), text_literal(awaited.stream),
      text_literal(awaited.table.schema), text_literal(awaited.table.table), text_literal(awaited.column.name),
      awaited.epoch.epoch.raw()));
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace farshore::store
