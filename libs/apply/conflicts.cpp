#include "apply/conflicts.hpp"

#include <utility>

#include "change/key.hpp"
#include "store/conflict.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;

constexpr std::size_t kKnownMax = 100'000;

}  // namespace

std::expected<void, SqlError> Conflicts::load(mysql::Connection& connection, const std::string& origin) {
  auto keys = store::read_conflict_keys(connection, region_, origin, kKnownMax + 1);
  if (!keys) return std::unexpected(std::move(keys.error()));
  Known known;
  known.all = keys->size() > kKnownMax;
  if (!known.all)
    for (ParkedKey& key : *keys) known.keys.insert(std::move(key));
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
  return store::has_conflict(connection, region_, origin, key);
}

bool Conflicts::has_any(const std::string& origin) const {
  if (edits_.contains(origin)) return true;
  const auto known = known_.find(origin);
  return known != known_.end() && (known->second.all || !known->second.keys.empty());
}

std::expected<void, SqlError> Conflicts::add(mysql::Connection& connection, const store::PartitionKey& partition,
                                             const RowOp& op, std::optional<std::string_view> image,
                                             const std::string& reason) {
  const ParkedKey key = keys_of(op).front();
  if (auto ended = end(connection, partition.origin, key, "superseded"); !ended) return ended;
  const auto written = store::add_conflict(
      connection, region_,
      change_to_keep(partition, op, key, change::key_text(op.change->row(), op.change->table->shape),
                     single_change_bytes(partition, op)),
      image, reason);
  if (!written) return written;
  edits_[partition.origin].insert_or_assign(key, true);
  return {};
}

std::expected<void, SqlError> Conflicts::end(mysql::Connection& connection, const std::string& origin,
                                             const ParkedKey& key, std::string_view how) {
  if (!knows(origin, key)) return {};
  if (auto ended = store::end_conflicts(connection, region_, origin, key, how); !ended) return ended;
  edits_[origin].insert_or_assign(key, false);
  return {};
}

std::expected<std::optional<ParkedChange>, SqlError> Conflicts::find(mysql::Connection& connection,
                                                                     const store::PartitionKey& partition,
                                                                     const ParkedKey& key, Epoch epoch, Seq seq) {
  auto kept = store::lock_conflict(connection, region_, partition, key, epoch, seq);
  if (!kept) return std::unexpected(std::move(kept.error()));
  if (!*kept) return std::optional<ParkedChange>();
  return std::optional<ParkedChange>(parked_change(std::move(**kept)));
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
