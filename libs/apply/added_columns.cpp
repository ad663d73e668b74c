#include "apply/added_columns.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "apply/column_default.hpp"
#include "apply/failure.hpp"
#include "mysql/schema.hpp"
#include "store/equality.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using store::AwaitedColumn;

/// The columns of a table of an origin's stream that one statement added.
using OfStatement = std::tuple<std::string, std::string, TableName, Epoch, Incarnation>;

store::EqualityRow doubt_of(const AwaitedColumn& column, const std::string& whys) {
  const std::string table = column.table.to_string();
  return {.id = 0,
          .origin = column.origin,
          .stream = column.stream,
          .table = table,
          .word = store::Word::kNotYetEqual,
          .why = fmt::format("{}: rows from before may differ in it, and no change tells (`farshorectl compare --table "
                             "{} --declare`)",
                             whys, table),
          .who = "apply",
          .said_at = {}};
}

struct Compared {
  std::map<OfStatement, std::pair<const AwaitedColumn*, std::string>> others;  ///< and how they differ
  std::vector<const AwaitedColumn*> found;
  std::vector<const AwaitedColumn*> absent;  ///< their table is here
};

std::expected<Compared, SqlError> compare(mysql::Connection& connection, std::span<const AwaitedColumn> columns) {
  Compared compared;
  const auto mariadb = mysql::is_mariadb(connection);
  if (!mariadb) return std::unexpected(mariadb.error());
  std::map<TableName, std::optional<mysql::TableSchema>> tables;
  for (const AwaitedColumn& awaited : columns) {
    const auto [known, is_new] = tables.try_emplace(awaited.table);
    if (is_new) {
      auto read = mysql::read_table_schema(connection, awaited.table.schema, awaited.table.table);
      if (!read) return std::unexpected(std::move(read.error()));
      known->second = std::move(*read);
    }
    const std::optional<mysql::TableSchema>& table = known->second;
    if (!table) continue;
    const mysql::ColumnSchema* const here = table->find(awaited.column.name);
    if (here == nullptr) {
      compared.absent.push_back(&awaited);
      continue;
    }
    compared.found.push_back(&awaited);
    const auto why = why_other(*here, awaited.column, *mariadb);
    if (!why) continue;
    auto& [of, whys] =
        compared
            .others[{awaited.origin, awaited.stream, awaited.table, awaited.epoch.epoch, awaited.epoch.incarnation}];
    of = &awaited;
    whys += (whys.empty() ? "" : ", ") + *why;
  }
  return compared;
}

std::expected<void, SqlError> forget(mysql::Connection& connection, const std::string& region,
                                     std::span<const AwaitedColumn* const> columns) {
  for (const AwaitedColumn* const column : columns)
    if (auto forgot = store::forget_awaited(connection, region, *column); !forgot) return forgot;
  return {};
}

}  // namespace

std::expected<void, SqlError> compare_added(mysql::Connection& connection, const std::string& region,
                                            std::span<const AwaitedColumn> added) {
  if (added.empty()) return {};
  const auto compared = compare(connection, added);
  if (!compared) return std::unexpected(compared.error());
  for (const auto& [of_statement, other] : compared->others) {
    const auto said =
        store::add_equality_once(connection, region, doubt_of(*other.first, other.second), other.first->epoch);
    if (!said) return said;
  }
  for (const AwaitedColumn* const column : compared->absent)
    if (auto awaited = store::await_column(connection, region, *column); !awaited) return awaited;
  return forget(connection, region, compared->found);
}

std::expected<bool, SqlError> compare_awaited(mysql::Connection& connection, const std::string& region,
                                              const std::set<TableName>* tables) {
  auto awaited = store::read_awaited(connection, region);
  if (!awaited) return std::unexpected(awaited.error());
  if (tables != nullptr)
    std::erase_if(*awaited, [&](const AwaitedColumn& column) { return !tables->contains(column.table); });
  if (awaited->empty()) return false;
  const auto compared = compare(connection, *awaited);
  if (!compared) return std::unexpected(compared.error());
  for (const auto& [of_statement, other] : compared->others)
    if (auto said = store::add_equality(connection, region, doubt_of(*other.first, other.second)); !said)
      return std::unexpected(said.error());
  if (auto forgot = forget(connection, region, compared->found); !forgot) return std::unexpected(forgot.error());
  return !compared->found.empty();
}

void AwaitedLook::look_due(Clock::time_point now) {
  if (now < due_) return;
  due_ = now + settings_.schema_age_max;
  mysql::Connection& connection = session_.connection();
  auto compared = compare_awaited(connection, settings_.region, nullptr);
  if (compared && *compared) {
    if (auto committed = connection.commit(); !committed) compared = std::unexpected(committed.error());
  }
  session_.rollback();
  if (!compared && !session_.is_lost())
    session_.tell(Failure::again(compared.error()).at(kOwnSchema, store::kAddedColumnTable));
}

}  // namespace farshore::apply
