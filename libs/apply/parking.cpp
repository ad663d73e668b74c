#include "apply/parking.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "change/key.hpp"
#include "store/parked.hpp"
#include "store/parked_first.hpp"

namespace farshore::apply {
namespace {

constexpr std::size_t kReadBytesMax = 4'194'304;  // of parked changes at once; one is always read

constexpr std::size_t kHolders = 10;  // rows that hold a value, as a conflict shows them

// The server's for a value that a unique key has already.
constexpr std::array kHeldAlready{1022, 1062, 1169, 1586, 1859};

// As they happened: a child after its parent.
std::vector<ParkedChange> in_order(std::vector<store::KeptChange> kept) {
  std::vector<ParkedChange> changes;
  changes.reserve(kept.size());
  for (store::KeptChange& change : kept) changes.push_back(parked_change(std::move(change)));
  std::ranges::stable_sort(changes, {}, [](const ParkedChange& change) {
    return std::tuple(change.partition, change.epoch.epoch, change.seq);
  });
  return changes;
}

}  // namespace

std::expected<void, mysql::SqlError> Parking::load(mysql::Connection& connection,
                                                   const store::PartitionKey& partition) {
  auto found = store::read_parked_keys(connection, region_, partition);
  if (!found) return std::unexpected(std::move(found.error()));
  forget(partition);
  std::set<ParkedKey> keys;
  for (ParkedKey& key : *found) keys.insert(std::move(key));
  for (const ParkedKey& key : keys) waits_.add(partition, key, clock_.now());
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
  return store::count_refused_otherwise(connection, region_, {.origin = origin, .schema = schema, .table = table},
                                        kHeldAlready);
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
  const auto written =
      store::park(connection, region_,
                  change_to_keep(partition, op, key, change::key_text(op.change->row(), op.change->table->shape),
                                 single_change_bytes(partition, op)),
                  error);
  if (!written) return written;
  edits_[partition].insert_or_assign(key, true);
  if (is_first) return store::keep_first(connection, region_, partition, key);
  return conflicts_.end(connection, partition.origin, key, "superseded");
}

std::expected<void, mysql::SqlError> Parking::note_try(mysql::Connection& connection, const ParkedChange& change,
                                                       std::uint32_t attempts, int code, const std::string& reason) {
  return store::note_try(connection, region_, change.partition, change.key, attempts, code, reason);
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
    if (auto gone = forget_first(connection, partition.origin, key); !gone) return gone;
  }
  return {};
}

std::expected<void, mysql::SqlError> Parking::remove(mysql::Connection& connection,
                                                     const store::PartitionKey& partition, const ParkedKey& key) {
  if (auto removed = store::unpark(connection, region_, partition, key); !removed) return removed;
  edits_[partition].insert_or_assign(key, false);
  return {};
}

std::expected<void, mysql::SqlError> Parking::discard(mysql::Connection& connection,
                                                      const store::PartitionKey& partition, const ParkedKey& key) {
  if (auto kept = store::keep_discarded(connection, region_, partition, key); !kept) return kept;
  if (auto gone = forget_first(connection, partition.origin, key); !gone) return gone;
  return remove(connection, partition, key);
}

std::expected<void, mysql::SqlError> Parking::add_conflict(mysql::Connection& connection,
                                                           const store::PartitionKey& partition, const RowOp& op,
                                                           const std::string& reason) {
  std::string sql;
  std::optional<std::string> image;
  if (op.target->append_image(op.change->row(), sql)) {
    const auto rows = connection.query(sql);
    if (!rows) return std::unexpected(rows.error());
    if (!rows->empty()) image = rows->text(0, 0);
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
  std::optional<std::string> image;
  if (!holders.empty()) image = "[" + holders + "]";
  return conflicts_.add(connection, partition, op, image, reason);
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
        waits_.add(partition, key, clock_.now());
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
  auto kept = store::read_parked(connection, region_, partition, keys, kReadBytesMax);
  if (!kept) return std::unexpected(std::move(kept.error()));
  return in_order(std::move(*kept));
}

std::expected<std::vector<ParkedChange>, mysql::SqlError> Parking::lock_table(mysql::Connection& connection,
                                                                              const std::string& origin,
                                                                              const std::string& schema,
                                                                              const std::string& table,
                                                                              std::size_t limit) {
  auto kept = store::lock_parked(connection, region_, {.origin = origin, .schema = schema, .table = table}, limit,
                                 kReadBytesMax);
  if (!kept) return std::unexpected(std::move(kept.error()));
  return in_order(std::move(*kept));
}

std::expected<void, mysql::SqlError> Parking::forget_first(mysql::Connection& connection, const std::string& origin,
                                                           const ParkedKey& key) {
  return store::forget_first(connection, region_, origin, key);
}

// A change that finds the row so, or finds none.
std::expected<void, mysql::SqlError> Parking::expect_written(mysql::Connection& connection,
                                                             const store::PartitionKey& partition, const RowOp& op) {
  change::ChangeView next = *op.change;
  next.op = change::op_between(!op.is_delete(), true);
  next.after = op.change->row();
  next.before = {};
  next.before_columns = {};
  RowOp expects = op;
  expects.change = &next;
  expects.first = nullptr;
  const ParkedKey key = keys_of(op).front();
  return store::put_first(connection, region_,
                          change_to_keep(partition, op, key, {}, single_change_bytes(partition, expects)));
}

}  // namespace farshore::apply
