#include "apply/held_partitions.hpp"

#include <utility>

#include "apply/backoff.hpp"
#include "base/check.hpp"
#include "store/channel_offset.hpp"
#include "store/progress_store.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using store::PartitionKey;
using store::PartitionState;
using store::ProgressRow;
using store::ProgressStore;
using namespace std::chrono_literals;

constexpr auto kOffsetEvery = 5s;   // a hint: what is read again is dropped by its number
constexpr auto kLoadPatience = 1s;  // then the worker's other partitions have their turn

}  // namespace

void HeldPartitions::rollback() {
  parking_.settle(false);
  session_.rollback();
}

HeldPartitions::Held* HeldPartitions::find(const PartitionKey& key) {
  const auto found = held_.find(key);
  return found == held_.end() ? nullptr : &found->second;
}

// --- taking over

bool HeldPartitions::take_over(const LoadRequest& request, std::vector<Outcome>& outcomes,
                               const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + kLoadPatience;
  Backoff backoff(stop);
  while (session_.connect(stop)) {
    auto loaded = try_to_take_over(request);
    if (loaded) {
      outcomes.emplace_back(std::move(*loaded));
      return true;
    }
    std::string reason(kMovedByAnother);
    if (const TryAgain* const again = loaded.error().try_again()) {
      session_.tell(loaded.error());
      reason = session_.why_stuck().empty() ? again->error.to_string() : session_.why_stuck();
    }
    if (stop.stop_requested()) return false;
    if (std::chrono::steady_clock::now() >= until) {
      outcomes.emplace_back(NotLoaded{.key = request.key, .reason = std::move(reason), .load = request.number});
      return false;
    }
    backoff.wait();
  }
  return false;
}

std::expected<Loaded, Failure> HeldPartitions::try_to_take_over(const LoadRequest& request) {
  const auto busy = session_.busy();
  ProgressRow row;
  const auto claimed = claim(request, row);
  if (!claimed || !*claimed) {
    rollback();
    return std::unexpected(claimed ? Failure{ProgressMoved()}
                                   : Failure::again(claimed.error()).at(kOwnSchema, store::kProgressTable));
  }
  FARSHORE_CHECK(row.key == request.key && row.owner == settings_.owner, row.key.to_string(), row.owner);
  session_.passed();
  const auto offset = read_offset(request);
  const auto parked = parking_.load(session_.connection(), request.key);
  rollback();  // they only read
  if (!offset || !parked) return std::unexpected(Failure::again(offset ? parked.error() : offset.error()));
  Held held;
  held.row = row;
  held.topic_id = request.topic_id;
  held.offset_written = settings_.clock->now();
  held_.insert_or_assign(request.key, std::move(held));
  return Loaded{.key = request.key, .row = row, .offset = *offset, .load = request.number};
}

// Our name in the row, and `writes` grown: from here on a transaction of the owner before finds another row than it
// expects. False: someone else has written it meanwhile.
std::expected<bool, SqlError> HeldPartitions::claim(const LoadRequest& request, ProgressRow& row) {
  mysql::Connection& connection = session_.connection();
  ProgressStore store(connection, settings_.region);
  auto found = store.find(request.key);
  if (!found) return std::unexpected(found.error());
  if (!*found) {
    ProgressRow first;
    first.key = request.key;
    first.owner = settings_.owner;
    const auto inserted = store.insert_if_absent(first);
    if (!inserted) return std::unexpected(inserted.error());
    if (auto committed = connection.commit(); !committed) return std::unexpected(committed.error());
    found = store.find(request.key);
    if (!found) return std::unexpected(found.error());
    if (!*found) return false;
  }
  ProgressRow mine = **found;
  mine.owner = settings_.owner;
  if (!session_.marker_fault().empty()) {
    mine.state = PartitionState::kMarkerFiltered;
    mine.reason = session_.marker_fault();
  } else if (mine.state == PartitionState::kMarkerFiltered) {
    mine.state = PartitionState::kApplying;
  }
  if (mine.state == PartitionState::kApplying) mine.reason.clear();  // of a wait that the owner before had
  const auto advanced = store.advance(**found, mine);
  if (!advanced) return std::unexpected(advanced.error());
  if (!*advanced) return false;
  if (auto committed = connection.commit(); !committed) return std::unexpected(committed.error());
  row = mine;
  ++row.writes;
  return true;
}

std::expected<std::optional<KafkaOffset>, SqlError> HeldPartitions::read_offset(const LoadRequest& request) {
  if (request.topic_id.empty()) return std::optional<KafkaOffset>();
  return store::ChannelOffsetStore(session_.connection(), settings_.region, settings_.channel)
      .find(request.key, request.topic_id);
}

// --- while in hand

void HeldPartitions::applied(const Slice& slice, const SliceCounts& counts, std::vector<Outcome>& outcomes) {
  Held& held = held_.at(slice.key);
  FARSHORE_CHECK(held.row.epoch == slice.base_epoch && held.row.seq == slice.base_seq, held.row.seq, slice.base_seq);
  held.row = slice.next;
  if (slice.next_offset) held.offset = slice.next_offset;
  if (slice.arrival) {
    held.barrier = slice.arrival;
    held.barrier_since = settings_.clock->now();
  }
  outcomes.emplace_back(Applied{.key = slice.key,
                                .row = held.row,
                                .offset = slice.next_offset,
                                .counts = counts,
                                .rows = slice.rows - slice.contained});
}

std::expected<void, SqlError> HeldPartitions::write_offsets(std::span<const Slice> slices,
                                                            const std::vector<bool>& active) {
  const auto now = settings_.clock->now();
  std::vector<store::ChannelOffset> due;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const Slice& slice = slices[i];
    Held* const held = find(slice.key);
    if (!active[i] || held == nullptr || held->topic_id.empty()) continue;
    if (!slice.next_offset || now - held->offset_written < kOffsetEvery) continue;
    held->offset_written = now;
    due.push_back({.key = &slice.key, .topic_id = held->topic_id, .offset = *slice.next_offset});
  }
  return store::ChannelOffsetStore(session_.connection(), settings_.region, settings_.channel).write(due);
}

// --- letting go

void HeldPartitions::release(const PartitionKey& key) {
  const auto found = held_.find(key);
  if (found == held_.end()) return;
  const Held& held = found->second;
  if (session_.is_ready()) {
    ProgressRow row = held.row;
    row.owner.clear();
    if (row.state == PartitionState::kApplying) row.reason.clear();
    const auto advanced = ProgressStore(session_.connection(), settings_.region).advance(held.row, row);
    if (advanced && *advanced && write_offset(key, held)) (void)session_.connection().commit();
    rollback();
  }
  parking_.forget(key);
  held_.erase(found);
  if (held_.empty()) session_.idle();
}

std::expected<void, SqlError> HeldPartitions::write_offset(const PartitionKey& key, const Held& held) {
  if (!held.offset || held.topic_id.empty()) return {};
  const store::ChannelOffset last{.key = &key, .topic_id = held.topic_id, .offset = *held.offset};
  return store::ChannelOffsetStore(session_.connection(), settings_.region, settings_.channel).write({&last, 1});
}

void HeldPartitions::suspend(const PartitionKey& key, PartitionState state, const std::string& text,
                             std::vector<Outcome>& outcomes) {
  const auto found = held_.find(key);
  if (found == held_.end()) return;
  const std::string reason = store::reason_for_people(text);
  ProgressRow row = found->second.row;
  if (row.state != state || row.reason != reason) {
    row.state = state;
    row.reason = reason;
    row.owner = settings_.owner;
    const auto advanced = ProgressStore(session_.connection(), settings_.region).advance(found->second.row, row);
    if (advanced && *advanced) (void)session_.connection().commit();
    rollback();
  }
  parking_.forget(key);
  outcomes.emplace_back(Suspended{.key = key, .row = std::move(row)});
  held_.erase(found);
}

void HeldPartitions::lose(const PartitionKey& key, std::string_view reason, std::vector<Outcome>& outcomes) {
  const auto found = held_.find(key);
  if (found == held_.end()) return;
  outcomes.emplace_back(Lost{.key = key, .reason = std::string(reason)});
  parking_.forget(key);
  held_.erase(found);
}

}  // namespace farshore::apply
