#include "apply/parking.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <tuple>
#include <utility>

#include "change/key.hpp"
#include "mysql/literal.hpp"

namespace farshore::apply {
namespace {

using mysql::text_literal;

constexpr std::size_t kReadBytesMax = 4'194'304;  // of parked changes at once; one is always read

std::string binary_literal(std::string_view bytes) {
  std::string out;
  mysql::append_binary_literal(bytes, out);
  return out;
}

std::string_view view(const std::array<char, 16>& hash) { return {hash.data(), hash.size()}; }

// The source's own bytes: a key that changes by as much as one byte comes as a delete and an insert, a key of another
// shape only behind a barrier. What the target holds equal, now or after an ALTER, does not matter here.
ParkedKey key_of(const TargetTable& target, std::span<const Value> row) {
  const TableShape& shape = target.source().shape;
  ParkedKey key{.schema = shape.schema, .table = shape.name, .hash = {}};
  std::string bytes;
  change::encode_key(row, shape, bytes);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  static_assert(sizeof canonical.digest == 16);
  std::memcpy(key.hash.data(), canonical.digest, key.hash.size());
  return key;
}

/// The key of the row as it is after the change, and, if the change moves the row, the key that it had.
std::vector<ParkedKey> keys_of(const RowOp& op) {
  std::vector<ParkedKey> keys{key_of(*op.target, op.change->row())};
  if (!op.target->keeps_key(*op.change)) {
    std::vector<Value> before;
    row_before(*op.change, before);
    keys.push_back(key_of(*op.target, before));
  }
  return keys;
}

}  // namespace

std::string single_change_bytes(const progress::PartitionKey& partition, const RowOp& op) {
  const change::TransactionView& transaction = op.batch->transaction_of(*op.change);
  const auto table =
      change::encode_table(op.change->table->shape, op.change->table->group, op.change->table->repeats_cascades);
  const change::SourceTransaction source{.serial = 1,
                                         .gtid = std::string(transaction.gtid),
                                         .commit_time = transaction.commit_time,
                                         .position_before = {}};
  std::vector<Value> before;
  if (op.change->op != change::Op::kInsert) row_before(*op.change, before);
  change::BatchBuilder builder(partition.origin, partition.stream, partition.partition);
  builder.reset_numbering(op.batch->header().id, op.change->seq);
  builder.append(source, table,
                 {.op = op.change->op,
                  .ordinal = Ordinal(0),
                  .key_change = op.change->key_change,
                  .no_cascade = op.change->no_cascade,
                  .before = before,
                  .after = op.change->after});
  return std::string(builder.finish(op.batch->header().published_at).value);
}

std::string single_change_header(const ParkedChange& parked) {
  const progress::PartitionKey& partition = parked.partition;
  change::BatchHeader header;
  header.id = parked.epoch;
  header.first_seq = parked.seq;
  header.count = 1;
  header.partition = partition.partition;
  header.origin = partition.origin;
  header.stream = partition.stream;
  header.gtid = parked.gtid;
  std::string bytes;
  change::encode_header(header, parked.bytes, bytes);
  return bytes;
}

std::string Parking::where(const progress::PartitionKey& partition) const {
  return fmt::format(" WHERE region={} AND origin={} AND stream={} AND part={}", text_literal(region_),
                     text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw());
}

std::string Parking::where(const progress::PartitionKey& partition, const ParkedKey& key) const {
  return fmt::format("{} AND schema_name={} AND table_name={} AND key_hash={}", where(partition),
                     text_literal(key.schema), text_literal(key.table), binary_literal(view(key.hash)));
}

std::expected<void, mysql::SqlError> Parking::load(mysql::Connection& connection,
                                                   const progress::PartitionKey& partition) {
  const auto rows =
      connection.query("SELECT schema_name, table_name, key_hash FROM farshore.parked" + where(partition));
  if (!rows) return std::unexpected(rows.error());
  std::set<ParkedKey> keys;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    ParkedKey key{.schema = rows->text(row, 0), .table = rows->text(row, 1), .hash = {}};
    const std::string& hash = rows->text(row, 2);
    std::memcpy(key.hash.data(), hash.data(), std::min(hash.size(), key.hash.size()));
    keys.insert(std::move(key));
  }
  parked_.erase(partition);
  if (!keys.empty()) parked_.emplace(partition, std::move(keys));
  return {};
}

std::size_t Parking::count(const progress::PartitionKey& partition) const {
  const auto found = parked_.find(partition);
  return found == parked_.end() ? 0 : found->second.size();
}

bool Parking::touches(const progress::PartitionKey& partition, const RowOp& op) const {
  if (!parked_.contains(partition) && !edits_.contains(partition)) return false;
  return std::ranges::any_of(keys_of(op), [&](const ParkedKey& key) { return is_parked(partition, key); });
}

bool Parking::is_parked(const progress::PartitionKey& partition, const ParkedKey& key) const {
  if (const auto edits = edits_.find(partition); edits != edits_.end()) {
    if (const auto edit = edits->second.find(key); edit != edits->second.end()) return edit->second;
  }
  const auto durable = parked_.find(partition);
  return durable != parked_.end() && durable->second.contains(key);
}

std::expected<void, mysql::SqlError> Parking::park(mysql::Connection& connection,
                                                   const progress::PartitionKey& partition, const RowOp& op,
                                                   const mysql::SqlError& error) {
  const ParkedKey key = keys_of(op).front();
  const change::ChangeView& change = *op.change;
  const auto written = connection.execute(fmt::format(
      "INSERT INTO farshore.parked (region, origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, "
      "incarnation, seq, gtid, change_bytes, error_code, reason, attempts) "
      "VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{},1) ON DUPLICATE KEY UPDATE "
      "key_text=VALUES(key_text), epoch=VALUES(epoch), incarnation=VALUES(incarnation), seq=VALUES(seq), "
      "gtid=VALUES(gtid), change_bytes=VALUES(change_bytes), error_code=VALUES(error_code), reason=VALUES(reason), "
      "attempts=attempts+1, last_at=NOW(6)",
      text_literal(region_), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      text_literal(key.schema), text_literal(key.table), binary_literal(view(key.hash)),
      text_literal(change::key_text(change.row(), change.table->shape)), op.batch->header().id.epoch.raw(),
      op.batch->header().id.incarnation.raw(), change.seq.raw(), text_literal(op.batch->transaction_of(change).gtid),
      binary_literal(single_change_bytes(partition, op)), error.code, text_literal(error.message)));
  if (!written) return std::unexpected(written.error());
  edits_[partition].insert_or_assign(key, true);
  return {};
}

std::expected<void, mysql::SqlError> Parking::keep(mysql::Connection& connection, const ParkedChange& change,
                                                   const std::string& reason) {
  const auto kept = connection.execute(
      fmt::format("UPDATE farshore.parked SET error_code=0, reason={}, attempts=attempts+1, last_at=NOW(6){}",
                  text_literal(reason), where(change.partition, change.key)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<void, mysql::SqlError> Parking::unpark(mysql::Connection& connection,
                                                     const progress::PartitionKey& partition, const RowOp& op) {
  for (const ParkedKey& key : keys_of(op)) {
    if (auto removed = remove(connection, partition, key); !removed) return removed;
  }
  return {};
}

std::expected<void, mysql::SqlError> Parking::remove(mysql::Connection& connection,
                                                     const progress::PartitionKey& partition, const ParkedKey& key) {
  const auto removed = connection.execute("DELETE FROM farshore.parked" + where(partition, key));
  if (!removed) return std::unexpected(removed.error());
  edits_[partition].insert_or_assign(key, false);
  return {};
}

std::expected<void, mysql::SqlError> Parking::add_conflict(mysql::Connection& connection,
                                                           const progress::PartitionKey& partition, const RowOp& op,
                                                           const std::string& reason) {
  const change::ChangeView& change = *op.change;
  const ParkedKey key = keys_of(op).front();
  std::string sql;
  std::string image = "NULL";
  if (op.target->append_image(change.row(), sql)) {
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    if (!rows->empty()) image = text_literal(rows->text(0, 0));
  }
  // The same change can come here twice only after a rollback; then nothing of it is left.
  const auto written = connection.execute(fmt::format(
      "INSERT INTO farshore.conflict (region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, "
      "key_hash, key_text, gtid, change_bytes, target_image, reason) "
      "VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{})",
      text_literal(region_), text_literal(partition.origin), text_literal(partition.stream), partition.partition.raw(),
      op.batch->header().id.epoch.raw(), op.batch->header().id.incarnation.raw(), change.seq.raw(),
      text_literal(key.schema), text_literal(key.table), binary_literal(view(key.hash)),
      text_literal(change::key_text(change.row(), change.table->shape)),
      text_literal(op.batch->transaction_of(change).gtid), binary_literal(single_change_bytes(partition, op)), image,
      text_literal(reason)));
  if (!written) return std::unexpected(written.error());
  return {};
}

bool Parking::has_freed() const {
  return std::ranges::any_of(edits_, [](const auto& partition) {
    return std::ranges::any_of(partition.second, [](const auto& edit) { return !edit.second; });
  });
}

void Parking::settle(bool committed) {
  if (edits_.empty()) return;
  const auto edits = std::exchange(edits_, {});
  if (!committed) return;
  for (const auto& [partition, keys] : edits) {
    std::set<ParkedKey>& parked = parked_[partition];
    for (const auto& [key, is_now_parked] : keys) {
      if (is_now_parked) {
        parked.insert(key);
      } else {
        parked.erase(key);
      }
    }
    if (parked.empty()) parked_.erase(partition);
  }
}

std::expected<std::vector<ParkedChange>, mysql::SqlError> Parking::list(mysql::Connection& connection,
                                                                        const progress::PartitionKey& partition,
                                                                        std::size_t limit) {
  return query(connection, where(partition) + " ORDER BY last_at, key_hash", limit, "");
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
      fmt::format("SELECT schema_name, table_name, key_hash, epoch, incarnation, seq, gtid, change_bytes, "
                  "origin, stream, part FROM farshore.parked{} LIMIT {}{}",
                  condition, count, lock));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ParkedChange> changes;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    ParkedChange& change = changes.emplace_back();
    change.key = {.schema = rows->text(row, 0), .table = rows->text(row, 1), .hash = {}};
    const std::string& hash = rows->text(row, 2);
    std::memcpy(change.key.hash.data(), hash.data(), std::min(hash.size(), change.key.hash.size()));
    change.epoch = {Epoch(static_cast<std::uint32_t>(rows->unsigned_integer(row, 3))),
                    Incarnation(rows->unsigned_integer(row, 4))};
    change.seq = Seq(rows->unsigned_integer(row, 5));
    change.gtid = rows->text(row, 6);
    change.bytes = rows->text(row, 7);
    change.partition = {.origin = rows->text(row, 8),
                        .stream = rows->text(row, 9),
                        .partition = PartitionId(static_cast<std::int32_t>(rows->integer(row, 10)))};
    change.header = single_change_header(change);
  }
  // As they happened: a child after its parent.
  std::ranges::stable_sort(changes, {}, [](const ParkedChange& change) {
    return std::tuple(change.partition, change.epoch.epoch, change.seq);
  });
  return changes;
}

}  // namespace farshore::apply
