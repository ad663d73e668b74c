#include "apply/parking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "change/key.hpp"
#include "mysql/literal.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::text_literal;

constexpr std::size_t kReadBytesMax = 4'194'304;  // of parked changes at once; one is always read

constexpr std::size_t kHolders = 10;  // rows that hold a value, as a conflict shows them

std::string binary_literal(std::string_view bytes) {
  std::string out;
  mysql::append_binary_literal(bytes, out);
  return out;
}

}  // namespace

std::string Parking::where(const store::PartitionKey& partition) const {
  std::string out = " WHERE ";
  store::append_partition_condition(region_, partition, out);
  return out;
}

std::string Parking::where(const store::PartitionKey& partition, const ParkedKey& key) const {
  return where(partition) + " AND " + key_condition(key);
}

std::expected<void, mysql::SqlError> Parking::load(mysql::Connection& connection,
                                                   const store::PartitionKey& partition) {
  const auto rows =
      connection.query("SELECT schema_name, table_name, key_hash FROM farshore.parked" + where(partition));
  if (!rows) return std::unexpected(rows.error());
  forget(partition);
  std::set<ParkedKey> keys;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    keys.insert(parked_key(rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)));
  }
  for (const ParkedKey& key : keys) waits_.add(partition, key, Clock::now());
  if (!keys.empty()) parked_.emplace(partition, std::move(keys));
  return conflicts_.load(connection, partition.origin);
}

void Parking::forget(const store::PartitionKey& partition) {
  parked_.erase(partition);
  waits_.forget(partition);
}

void Parking::drop(const store::PartitionKey& partition, const ParkedKey& key) {
  waits_.remove(partition, key);
  const auto parked = parked_.find(partition);
  if (parked == parked_.end()) return;
  parked->second.erase(key);
  if (parked->second.empty()) parked_.erase(parked);
}

std::size_t Parking::count(const store::PartitionKey& partition) const {
  const auto found = parked_.find(partition);
  return found == parked_.end() ? 0 : found->second.size();
}

std::expected<std::uint64_t, mysql::SqlError> Parking::count_not_taken(mysql::Connection& connection,
                                                                       const std::string& origin,
                                                                       const std::string& schema,
                                                                       const std::string& table) {
  const auto rows = connection.query(fmt::format(
      "SELECT COUNT(*) FROM farshore.parked AS p LEFT JOIN farshore.parked_try AS t USING (region, origin, stream, "
      "part, schema_name, table_name, key_hash) WHERE region={} AND origin={} AND schema_name={} AND table_name={} AND "
      "COALESCE(t.error_code, p.error_code) NOT IN (1022,1062,1169,1586,1859)",
      text_literal(region_), text_literal(origin), text_literal(schema), text_literal(table)));
  if (!rows) return std::unexpected(rows.error());
  return rows->unsigned_integer(0, 0);
}

bool Parking::touches(const store::PartitionKey& partition, const RowOp& op) const {
  const bool may_be_parked = parked_.contains(partition) || edits_.contains(partition);
  if (!may_be_parked && !conflicts_.has_any(partition.origin)) return false;
  return std::ranges::any_of(keys_of(op), [&](const ParkedKey& key) {
    return (may_be_parked && is_parked(partition, key)) || conflicts_.knows(partition.origin, key);
  });
}

std::expected<bool, mysql::SqlError> Parking::holds_back(mysql::Connection& connection,
                                                         const store::PartitionKey& partition, const RowOp& op) const {
  for (const ParkedKey& key : keys_of(op)) {
    if (is_parked(partition, key)) return true;
    const auto is_open = conflicts_.is_open(connection, partition.origin, key);
    if (!is_open || *is_open) return is_open;
  }
  return false;
}

bool Parking::is_parked(const store::PartitionKey& partition, const ParkedKey& key) const {
  if (const auto edits = edits_.find(partition); edits != edits_.end()) {
    if (const auto edit = edits->second.find(key); edit != edits->second.end()) return edit->second;
  }
  const auto durable = parked_.find(partition);
  return durable != parked_.end() && durable->second.contains(key);
}

std::expected<void, mysql::SqlError> Parking::park(mysql::Connection& connection, const store::PartitionKey& partition,
                                                   const RowOp& op, const mysql::SqlError& error) {
  const ParkedKey key = keys_of(op).front();
  bool is_first = !is_parked(partition, key);
  if (is_first) {
    const auto is_open = conflicts_.is_open(connection, partition.origin, key);
    if (!is_open) return std::unexpected(is_open.error());
    is_first = !*is_open;
  }
  const change::ChangeView& change = *op.change;
  const auto written = connection.execute(fmt::format(
      "INSERT INTO farshore.parked (region, origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, "
      "incarnation, seq, gtid, change_bytes, error_code, reason, attempts) "
      "VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{},1) ON DUPLICATE KEY UPDATE "
      "key_text=VALUES(key_text), epoch=VALUES(epoch), incarnation=VALUES(incarnation), seq=VALUES(seq), "
      "gtid=VALUES(gtid), change_bytes=VALUES(change_bytes), error_code=VALUES(error_code), reason=VALUES(reason), "
      "attempts=attempts+1, last_at=NOW(6)",
      text_literal(region_), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      text_literal(key.schema), text_literal(key.table), hash_literal(key),
      text_literal(change::key_text(change.row(), change.table->shape)), op.batch->header().id.epoch.raw(),
      op.batch->header().id.incarnation.raw(), change.seq.raw(), text_literal(op.batch->transaction_of(change).gtid),
      binary_literal(single_change_bytes(partition, op)), error.code, text_literal(error.message)));
  if (!written) return std::unexpected(written.error());
  edits_[partition].insert_or_assign(key, true);
  if (is_first) return first_.keep(connection, partition, key);
  return conflicts_.end(connection, partition.origin, key, "superseded");
}

std::expected<void, mysql::SqlError> Parking::note_try(mysql::Connection& connection, const ParkedChange& change,
                                                       std::uint32_t attempts, int code, const std::string& reason) {
  const store::PartitionKey& partition = change.partition;
  const auto noted = connection.execute(fmt::format(
      "INSERT INTO farshore.parked_try (region, origin, stream, part, schema_name, table_name, key_hash, attempts, "
      "error_code, reason) VALUES ({},{},{},{},{},{},{},{},{},{}) ON DUPLICATE KEY UPDATE attempts=VALUES(attempts), "
      "error_code=VALUES(error_code), reason=VALUES(reason), last_at=NOW(6)",
      text_literal(region_), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      text_literal(change.key.schema), text_literal(change.key.table), hash_literal(change.key), attempts, code,
      text_literal(reason)));
  if (!noted) return std::unexpected(noted.error());
  return {};
}

std::expected<void, mysql::SqlError> Parking::unpark(mysql::Connection& connection,
                                                     const store::PartitionKey& partition, const RowOp& op) {
  for (const ParkedKey& key : keys_of(op)) {
    if (is_parked(partition, key)) {
      if (auto removed = remove(connection, partition, key); !removed) return removed;
    }
    if (auto ended = conflicts_.end(connection, partition.origin, key, "superseded"); !ended) return ended;
  }
  return {};
}

std::expected<void, mysql::SqlError> Parking::written(mysql::Connection& connection,
                                                      const store::PartitionKey& partition, const RowOp& op) {
  if (auto over = unpark(connection, partition, op); !over) return over;
  for (const ParkedKey& key : keys_of(op)) {
    if (auto gone = first_.forget(connection, partition.origin, key); !gone) return gone;
  }
  return {};
}

std::expected<void, mysql::SqlError> Parking::remove(mysql::Connection& connection,
                                                     const store::PartitionKey& partition, const ParkedKey& key) {
  for (const char* const table : {"farshore.parked", "farshore.parked_try"}) {
    const auto removed = connection.execute(fmt::format("DELETE FROM {}{}", table, where(partition, key)));
    if (!removed) return std::unexpected(removed.error());
  }
  edits_[partition].insert_or_assign(key, false);
  return {};
}

std::expected<void, mysql::SqlError> Parking::discard(mysql::Connection& connection,
                                                      const store::PartitionKey& partition, const ParkedKey& key) {
  constexpr std::string_view kColumns =
      "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, key_text, gtid, "
      "change_bytes, reason";
  const auto kept = connection.execute(
      fmt::format("INSERT INTO farshore.conflict_history ({0}, how) SELECT {0}, 'discard' FROM farshore.parked{1}",
                  kColumns, where(partition, key)));
  if (!kept) return std::unexpected(kept.error());
  if (auto gone = first_.forget(connection, partition.origin, key); !gone) return gone;
  return remove(connection, partition, key);
}

std::expected<void, mysql::SqlError> Parking::add_conflict(mysql::Connection& connection,
                                                           const store::PartitionKey& partition, const RowOp& op,
                                                           const std::string& reason) {
  std::string sql;
  std::string image = "NULL";
  if (op.target->append_image(op.change->row(), sql)) {
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    if (!rows->empty()) image = text_literal(rows->text(0, 0));
  }
  if (auto over = unpark(connection, partition, op); !over) return over;
  return conflicts_.add(connection, partition, op, image, reason);
}

std::expected<void, mysql::SqlError> Parking::add_clash(mysql::Connection& connection,
                                                        const store::PartitionKey& partition, const RowOp& op,
                                                        const std::string& reason) {
  std::string sql;
  std::string holders;
  if (op.target->append_rivals(op.change->row(), kHolders, sql) && !sql.empty()) {
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t row = 0; row < rows->size(); ++row) holders += (row == 0 ? "" : ", ") + rows->text(row, 0);
  }
  if (auto over = unpark(connection, partition, op); !over) return over;
  return conflicts_.add(connection, partition, op, holders.empty() ? "NULL" : text_literal("[" + holders + "]"),
                        reason);
}

void Parking::settle(bool committed) {
  conflicts_.settle(committed);
  if (edits_.empty()) return;
  const auto edits = std::exchange(edits_, {});
  if (!committed) return;
  for (const auto& [partition, keys] : edits) {
    std::set<ParkedKey>& parked = parked_[partition];
    for (const auto& [key, is_now_parked] : keys) {
      if (is_now_parked) {
        parked.insert(key);
        waits_.add(partition, key, Clock::now());
      } else {
        parked.erase(key);
        waits_.remove(partition, key);
      }
    }
    if (parked.empty()) parked_.erase(partition);
  }
}

std::expected<std::vector<ParkedChange>, mysql::SqlError> Parking::find(mysql::Connection& connection,
                                                                        const store::PartitionKey& partition,
                                                                        std::span<const ParkedKey> keys) {
  if (keys.empty()) return std::vector<ParkedChange>();
  std::string condition;
  for (const ParkedKey& key : keys) condition += (condition.empty() ? "" : " OR ") + ("(" + key_condition(key) + ")");
  return query(connection,
               fmt::format("{} AND ({}) ORDER BY schema_name, table_name, key_hash", where(partition), condition),
               keys.size(), "");
}

std::expected<std::vector<ParkedChange>, mysql::SqlError> Parking::lock_table(mysql::Connection& connection,
                                                                              const std::string& origin,
                                                                              const std::string& schema,
                                                                              const std::string& table,
                                                                              std::size_t limit) {
  return query(connection,
               fmt::format(" WHERE region={} AND origin={} AND schema_name={} AND table_name={} ORDER BY stream, part, "
                           "key_hash",
                           text_literal(region_), text_literal(origin), text_literal(schema), text_literal(table)),
               limit, " FOR UPDATE");
}

std::expected<std::vector<ParkedChange>, mysql::SqlError> Parking::query(mysql::Connection& connection,
                                                                         const std::string& condition,
                                                                         std::size_t limit, std::string_view lock) {
  // Their sizes first: a row may be large, and all that is read is in memory at once.
  const auto sizes = connection.query(
      fmt::format("SELECT OCTET_LENGTH(change_bytes) FROM farshore.parked{} LIMIT {}{}", condition, limit, lock));
  if (!sizes) return std::unexpected(sizes.error());
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < sizes->size(); ++count) {
    bytes += sizes->unsigned_integer(count, 0);
    if (count > 0 && bytes > kReadBytesMax) break;
  }
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM farshore.parked{} LIMIT {}{}", kParkedChangeColumns, condition, count, lock));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ParkedChange> changes;
  for (std::size_t row = 0; row < rows->size(); ++row) changes.push_back(parked_change(*rows, row));
  // As they happened: a child after its parent.
  std::ranges::stable_sort(changes, {}, [](const ParkedChange& change) {
    return std::tuple(change.partition, change.epoch.epoch, change.seq);
  });
  return changes;
}

}  // namespace farshore::apply
