#include "apply/conflicts.hpp"

#include <fmt/format.h>

#include <utility>

#include "change/key.hpp"
#include "mysql/literal.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::size_t kKnownMax = 100'000;
constexpr std::string_view kColumns =
    "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, key_text, gtid, "
    "change_bytes, target_image, reason";

}  // namespace

std::expected<void, SqlError> Conflicts::load(mysql::Connection& connection, const std::string& origin) {
  const auto rows = connection.query(
      fmt::format("SELECT DISTINCT schema_name, table_name, key_hash FROM farshore.conflict WHERE region={} AND "
                  "origin={} LIMIT {}",
                  text_literal(region_), text_literal(origin), kKnownMax + 1));
  if (!rows) return std::unexpected(rows.error());
  Known known;
  known.all = rows->size() > kKnownMax;
  for (std::size_t row = 0; row < rows->size() && !known.all; ++row) {
    known.keys.insert(parked_key(rows->text(row, 0), rows->text(row, 1), rows->text(row, 2)));
  }
  known_[origin] = std::move(known);
  return {};
}

bool Conflicts::knows(const std::string& origin, const ParkedKey& key) const {
  if (const auto edits = edits_.find(origin); edits != edits_.end()) {
    if (const auto edit = edits->second.find(key); edit != edits->second.end()) return edit->second;
  }
  const auto known = known_.find(origin);
  return known != known_.end() && (known->second.all || known->second.keys.contains(key));
}

std::expected<bool, SqlError> Conflicts::is_open(mysql::Connection& connection, const std::string& origin,
                                                 const ParkedKey& key) const {
  if (!knows(origin, key)) return false;
  const auto rows =
      connection.query(fmt::format("SELECT 1 FROM farshore.conflict WHERE region={} AND origin={} AND {} LIMIT 1",
                                   text_literal(region_), text_literal(origin), key_condition(key)));
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty();
}

bool Conflicts::has_any(const std::string& origin) const {
  if (edits_.contains(origin)) return true;
  const auto known = known_.find(origin);
  return known != known_.end() && (known->second.all || !known->second.keys.empty());
}

std::expected<void, SqlError> Conflicts::add(mysql::Connection& connection, const store::PartitionKey& partition,
                                             const RowOp& op, const std::string& image, const std::string& reason) {
  const change::ChangeView& change = *op.change;
  const ParkedKey key = keys_of(op).front();
  if (auto ended = end(connection, partition.origin, key, "superseded"); !ended) return ended;
  std::string bytes;
  mysql::append_binary_literal(single_change_bytes(partition, op), bytes);
  // The same change can come here twice only after a rollback; then nothing of it is left.
  const auto written = connection.execute(
      fmt::format("INSERT INTO farshore.conflict ({}) VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{})", kColumns,
                  text_literal(region_), text_literal(partition.origin), text_literal(partition.stream),
                  partition.partition.raw(), op.batch->header().id.epoch.raw(), op.batch->header().id.incarnation.raw(),
                  change.seq.raw(), text_literal(key.schema), text_literal(key.table), hash_literal(key),
                  text_literal(change::key_text(change.row(), change.table->shape)),
                  text_literal(op.batch->transaction_of(change).gtid), bytes, image, text_literal(reason)));
  if (!written) return std::unexpected(written.error());
  edits_[partition.origin].insert_or_assign(key, true);
  return {};
}

std::expected<void, SqlError> Conflicts::end(mysql::Connection& connection, const std::string& origin,
                                             const ParkedKey& key, std::string_view how) {
  if (!knows(origin, key)) return {};
  const std::string where = fmt::format(" FROM farshore.conflict WHERE region={} AND origin={} AND {}",
                                        text_literal(region_), text_literal(origin), key_condition(key));
  const std::string old = fmt::format(
      "DELETE FROM farshore.conflict_history WHERE region={} AND ended_at < NOW(6) - INTERVAL 30 DAY LIMIT 10",
      text_literal(region_));
  const std::string keep = fmt::format("INSERT INTO farshore.conflict_history ({0}, how) SELECT {0}, {1}{2}", kColumns,
                                       text_literal(how), where);
  for (const std::string& sql : {keep, "DELETE" + where, old}) {
    if (const auto done = connection.execute(sql); !done) return std::unexpected(done.error());
  }
  edits_[origin].insert_or_assign(key, false);
  return {};
}

std::expected<std::optional<ParkedChange>, SqlError> Conflicts::find(mysql::Connection& connection,
                                                                     const store::PartitionKey& partition,
                                                                     const ParkedKey& key, Epoch epoch, Seq seq) {
  const auto rows = connection.query(fmt::format(
      "SELECT {} FROM farshore.conflict WHERE region={} AND origin={} AND stream={} AND part={} AND epoch={} AND "
      "seq={} AND {} FOR UPDATE",
      kParkedChangeColumns, text_literal(region_), text_literal(partition.origin), text_literal(partition.stream),
      partition.partition.raw(), epoch.raw(), seq.raw(), key_condition(key)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<ParkedChange>();
  return std::optional<ParkedChange>(parked_change(*rows, 0));
}

void Conflicts::settle(bool committed) {
  const auto edits = std::exchange(edits_, {});
  if (!committed) return;
  for (const auto& [origin, keys] : edits) {
    Known& known = known_[origin];
    for (const auto& [key, is_open] : keys) {
      if (!is_open) {
        known.keys.erase(key);
      } else if (!known.all) {
        known.keys.insert(key);
        known.all = known.keys.size() > kKnownMax;
      }
    }
    if (known.all) known.keys.clear();
  }
}

}  // namespace farshore::apply
