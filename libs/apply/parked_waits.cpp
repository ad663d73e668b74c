#include "apply/parked_waits.hpp"

#include <algorithm>

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using store::PartitionKey;

constexpr std::size_t kAtOnce = 100;
constexpr auto kFirst = 100ms;
constexpr std::uint32_t kOften = 4;  // tries, from which on a change goes one at a time
constexpr int kOldOnesInLongest = 10;

bool same_table(const ParkedKey& a, const ParkedKey& b) { return a.schema == b.schema && a.table == b.table; }

}  // namespace

void ParkedWaits::add(const PartitionKey& partition, const ParkedKey& key, Clock::time_point now) {
  Partition& all = partitions_[partition];
  Wait& wait = all.waits[key];
  drop_wanted(partition, key, wait);
  wait = Wait{.next_at = now + kFirst, .tried_at = now, .time = 0ms, .attempts = 0, .reason = 0, .wanted = {}};
  all.earliest = std::min(all.earliest, wait.next_at);
}

void ParkedWaits::remove(const PartitionKey& partition, const ParkedKey& key) {
  const auto all = partitions_.find(partition);
  if (all == partitions_.end()) return;
  const auto found = all->second.waits.find(key);
  if (found == all->second.waits.end()) return;
  drop_wanted(partition, key, found->second);
  all->second.waits.erase(found);
  if (all->second.waits.empty()) partitions_.erase(all);
}

void ParkedWaits::forget(const PartitionKey& partition) {
  const auto all = partitions_.find(partition);
  if (all == partitions_.end()) return;
  for (auto& [key, wait] : all->second.waits) drop_wanted(partition, key, wait);
  partitions_.erase(all);
}

void ParkedWaits::drop_wanted(const PartitionKey& partition, const ParkedKey& key, Wait& wait) {
  for (const UniqueValue value : wait.wanted) {
    const auto [begin, end] = wanted_.equal_range(value);
    const auto found = std::find_if(
        begin, end, [&](const auto& entry) { return entry.second.second == key && entry.second.first == partition; });
    if (found != end) wanted_.erase(found);
  }
  wait.wanted.clear();
}

bool ParkedWaits::is_due(const PartitionKey& partition, Clock::time_point now) const {
  const auto all = partitions_.find(partition);
  return all != partitions_.end() && now >= all->second.earliest;
}

std::vector<ParkedKey> ParkedWaits::take_due(const PartitionKey& partition, Clock::time_point now) {
  std::vector<ParkedKey> due;
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return due;
  Partition& all = found->second;
  const bool old_ones = now >= all.old_from;
  std::vector<const std::pair<const ParkedKey, Wait>*> oldest;  // one a table; the map is in the tables' order
  auto earliest = Clock::time_point::max();
  bool tries_old = false;
  for (const auto& entry : all.waits) {
    const Wait& wait = entry.second;
    if (wait.next_at > now) {
      earliest = std::min(earliest, wait.next_at);
    } else if (wait.attempts < kOften) {
      if (due.size() < kAtOnce)
        due.push_back(entry.first);
      else
        earliest = now;
    } else {
      tries_old = true;
      if (!old_ones) continue;
      if (oldest.empty() || !same_table(oldest.back()->first, entry.first)) {
        oldest.push_back(&entry);
      } else if (wait.next_at < oldest.back()->second.next_at) {
        oldest.back() = &entry;
      }
    }
  }
  for (const auto* entry : oldest) due.push_back(entry->first);
  if (tries_old) {
    if (old_ones) all.old_from = now + std::max<milliseconds>(kFirst, longest_ / kOldOnesInLongest);
    earliest = std::min(earliest, all.old_from);
  }
  all.earliest = earliest;
  return due;
}

ParkedWaits::Counted ParkedWaits::refused(const PartitionKey& partition, const ParkedKey& key, Clock::time_point now,
                                          std::vector<UniqueValue> wanted, std::size_t reason) {
  Partition& all = partitions_[partition];
  Wait& wait = all.waits[key];
  if (wait.wanted != wanted) {
    drop_wanted(partition, key, wait);
    for (const UniqueValue value : wanted) wanted_.emplace(value, std::pair(partition, key));
    wait.wanted = std::move(wanted);
  }
  wait.time = std::min(longest_, std::max<milliseconds>(kFirst, wait.time * 2));
  wait.tried_at = now;
  wait.next_at = now + wait.time;
  all.earliest = std::min(all.earliest, wait.next_at);
  const bool is_news = wait.attempts > 0 && wait.reason != reason;
  wait.reason = reason;
  return {.attempts = ++wait.attempts, .is_news = is_news};
}

void ParkedWaits::postpone(const PartitionKey& partition, Clock::time_point until) {
  const auto all = partitions_.find(partition);
  if (all != partitions_.end()) all->second.earliest = until;
}

void ParkedWaits::wake_table(const PartitionKey& partition, const ParkedKey& sibling, Clock::time_point now,
                             bool that_want) {
  const auto all = partitions_.find(partition);
  if (all == partitions_.end()) return;
  for (auto& [key, wait] : all->second.waits) {
    if (!same_table(key, sibling) || wait.wanted.empty() == that_want) continue;
    wait.next_at = now;
    wait.attempts = std::min(wait.attempts, kOften - 1);
    all->second.earliest = now;
  }
}

void ParkedWaits::freed(const std::vector<UniqueValue>& values, Clock::time_point now) {
  for (const UniqueValue value : values) {
    const auto [begin, end] = wanted_.equal_range(value);
    for (auto entry = begin; entry != end; ++entry) {
      Partition& all = partitions_[entry->second.first];
      Wait& wait = all.waits[entry->second.second];
      // A value that goes to and fro calls no more often than this.
      const auto soon = std::max(now, wait.tried_at + kFirst);
      wait.next_at = std::min(wait.next_at, soon);
      wait.attempts = std::min(wait.attempts, kOften - 1);
      all.earliest = std::min(all.earliest, wait.next_at);
    }
  }
}

}  // namespace farshore::apply
