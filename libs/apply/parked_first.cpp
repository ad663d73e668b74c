#include "apply/parked_first.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mysql/literal.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::string_view kColumns =
    "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, gtid, change_bytes, "
    "reason";

}  // namespace

std::expected<void, SqlError> ParkedFirst::keep(mysql::Connection& connection, const store::PartitionKey& partition,
                                                const ParkedKey& key) {
  std::string where;
  store::append_partition_condition(region_, partition, where);
  const auto kept = connection.execute(
      fmt::format("REPLACE INTO farshore.parked_first ({0}) SELECT {0} FROM farshore.parked WHERE {1} AND {2}",
                  kColumns, where, key_condition(key)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<std::optional<ParkedChange>, SqlError> ParkedFirst::find(mysql::Connection& connection,
                                                                       const std::string& origin,
                                                                       const ParkedKey& key) {
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM farshore.parked_first WHERE region={} AND origin={} AND {} FOR UPDATE",
                  kParkedChangeColumns, text_literal(region_), text_literal(origin), key_condition(key)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<ParkedChange>();
  return std::optional<ParkedChange>(parked_change(*rows, 0));
}

std::expected<void, SqlError> ParkedFirst::expect_written(mysql::Connection& connection,
                                                          const store::PartitionKey& partition, const RowOp& op) {
  // A change that finds the row so, or finds none.
  change::ChangeView next = *op.change;
  next.op = change::op_between(!op.is_delete(), true);
  next.after = op.change->row();
  next.before = {};
  next.before_columns = {};
  RowOp expects = op;
  expects.change = &next;
  expects.first = nullptr;
  std::string bytes;
  mysql::append_binary_literal(single_change_bytes(partition, expects), bytes);
  const ParkedKey key = keys_of(op).front();
  const auto kept = connection.execute(
      fmt::format("REPLACE INTO farshore.parked_first ({}) VALUES ({},{},{},{},{},{},{},{},{},{},{},{},'')", kColumns,
                  text_literal(region_), text_literal(partition.origin), text_literal(partition.stream),
                  partition.partition.raw(), op.batch->header().id.epoch.raw(), op.batch->header().id.incarnation.raw(),
                  next.seq.raw(), text_literal(key.schema), text_literal(key.table), hash_literal(key),
                  text_literal(op.batch->transaction_of(*op.change).gtid), bytes));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<void, SqlError> ParkedFirst::forget(mysql::Connection& connection, const std::string& origin,
                                                  const ParkedKey& key) {
  const auto gone =
      connection.execute(fmt::format("DELETE FROM farshore.parked_first WHERE region={} AND origin={} AND {}",
                                     text_literal(region_), text_literal(origin), key_condition(key)));
  if (!gone) return std::unexpected(gone.error());
  return {};
}

std::expected<void, SqlError> ParkedFirst::forget_before(mysql::Connection& connection, const std::string& origin,
                                                         Epoch epoch, std::span<const std::string> tables) {
  std::string sql = fmt::format("DELETE FROM farshore.parked_first WHERE region={} AND origin={} AND epoch<{}",
                                text_literal(region_), text_literal(origin), epoch.raw());
  const bool is_any = std::ranges::any_of(tables, [](const std::string& name) { return name.ends_with(".*"); });
  if (!tables.empty() && !is_any) {
    std::string names;
    for (const std::string& name : tables) names += (names.empty() ? "" : ",") + text_literal(name);
    sql += " AND CONCAT(schema_name,'.',table_name) IN (" + names + ")";
  }
  const auto gone = connection.execute(sql);
  if (!gone) return std::unexpected(gone.error());
  return {};
}

}  // namespace farshore::apply
