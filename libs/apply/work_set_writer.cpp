#include "apply/work_set_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "apply/backoff.hpp"
#include "base/check.hpp"
#include "progress/doubts.hpp"
#include "progress/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using progress::PartitionKey;
using progress::PartitionState;
using progress::ProgressRow;
using progress::ProgressStore;
using namespace std::chrono_literals;

constexpr std::string_view kFarshore = "farshore";
constexpr std::string_view kProgress = "progress";

std::string at_hand(const WorkSet& set) {
  std::string all;
  for (const Slice& slice : set.slices())
    all += fmt::format("{}{} epoch {} seq {} to {}", all.empty() ? "work set of " : ", ", slice.key.to_string(),
                       slice.next.epoch.epoch.raw(), slice.base_seq.raw(), slice.next.seq.raw());
  return all;
}

bool same_row(const ProgressRow& a, const ProgressRow& b) {
  return a.epoch == b.epoch && a.seq == b.seq && a.writes == b.writes;
}

}  // namespace

WorkSetWriter::WorkSetWriter(WriterSettings settings, Notice notice)
    : settings_(std::move(settings)),
      notice_(std::move(notice)),
      target_(settings_),
      session_(settings_, target_.catalog(), metrics_),
      partitions_(settings_, session_, target_.parking()),
      barriers_(settings_, session_, partitions_, target_.parking()),
      parked_(settings_, notice_, session_, partitions_, target_) {}

// --- taking partitions over

void WorkSetWriter::load(std::span<const LoadRequest> requests, std::vector<Outcome>& outcomes,
                         const std::stop_token& stop) {
  if (session_.is_open() && !session_.marker_fault().empty()) session_.close();  // the next one looks again
  for (const LoadRequest& request : requests) {
    if (partitions_.take_over(request, outcomes, stop)) {
      parked_.taken_over(request.key);
    } else if (stop.stop_requested()) {
      return;
    }
  }
}

// --- writing

void WorkSetWriter::write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop) {
  const AtHand at_hand_here([&] { return at_hand(set); });
  leave_out_stale(set, outcomes);
  if (std::ranges::any_of(set.slices(), [](const Slice& slice) { return slice.arrival.has_value(); }))
    barriers_.look_soon();
  session_.begin();
  schema_is_fresh_ = false;
  in_order_ = false;
  Backoff backoff(stop);
  while (std::ranges::find(active_, true) != active_.end()) {
    if (!session_.connect(stop)) return;
    if (attempt(set, outcomes) == Attempt::kCommitted) return;
    // Other slices may go on at once where one was left out; a transaction that was only unlucky waits a little.
    if (stop.stop_requested()) return;
    backoff.wait();
  }
}

void WorkSetWriter::leave_out_stale(const WorkSet& set, std::vector<Outcome>& outcomes) {
  for (const Slice& slice : set.slices()) {
    const Held* const held = partitions_.find(slice.key);
    if (held == nullptr) continue;
    const bool follows = held->row.epoch == slice.base_epoch && held->row.seq == slice.base_seq;
    if (follows && !held->barrier) continue;
    partitions_.lose(slice.key, "what was gathered does not follow what is applied; it is read again from there",
                     outcomes);
  }
  active_.assign(set.slices().size(), false);
  for (std::size_t i = 0; i < active_.size(); ++i) active_[i] = partitions_.contains(set.slices()[i].key);
}

WorkSetWriter::Attempt WorkSetWriter::attempt(WorkSet& set, std::vector<Outcome>& outcomes) {
  if (!session_.marker_fault().empty()) {
    const std::string fault = session_.marker_fault();
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (!active_[i]) continue;
      active_[i] = false;
      partitions_.suspend(set.slices()[i].key, PartitionState::kMarkerFiltered, fault, outcomes);
    }
    session_.close();  // the next one looks again
    return Attempt::kAgain;
  }
  const auto written = [&] {
    const auto busy = session_.busy();
    return write_transaction(set, outcomes);
  }();
  if (written) return Attempt::kCommitted;
  const Failure& failure = written.error();
  partitions_.rollback();
  if (std::holds_alternative<LookFirst>(failure.kind)) return Attempt::kAgain;
  if (std::holds_alternative<KeepOrder>(failure.kind)) {
    in_order_ = true;
    return Attempt::kAgain;
  }
  const SliceStops* const stops = failure.slice_stops();
  if (stops == nullptr) {
    if (const TryAgain* const again = failure.try_again()) session_.count_retry(again->error);
    if (session_.is_lost()) {
      look_again(set, outcomes);
      return Attempt::kAgain;
    }
    session_.tell(failure);
    if (session_.can_note_why_stuck()) note_reason(set, session_.why_stuck());
    return Attempt::kAgain;
  }
  target_.catalog().forget();
  if (stops->state == PartitionState::kWaitingForSchema && !schema_is_fresh_) {
    schema_is_fresh_ = true;  // it may have changed since it was read
    return Attempt::kAgain;
  }
  active_[stops->slice] = false;
  partitions_.suspend(set.slices()[stops->slice].key, stops->state, stops->reason, outcomes);
  // A limit or a grant may be the session's, as it was when it opened: the next one sees what was mended meanwhile.
  if (stops->state == PartitionState::kStopped) session_.close();
  return Attempt::kAgain;
}

std::expected<void, Failure> WorkSetWriter::write_transaction(WorkSet& set, std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  // Look at the tables before the first write, so that progress is the first thing in the transaction. From here on
  // they stay as they are until its end.
  const auto plan = target_.planner().plan(connection, set, active_, !in_order_);
  if (!plan) return std::unexpected(plan.error());

  ProgressStore store(connection, settings_.region);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    Slice& slice = set.slices()[i];
    FARSHORE_CHECK(slice.next.epoch == slice.base_epoch && slice.next.seq >= slice.base_seq, slice.base_seq,
                   slice.next.seq);
    slice.next.owner = settings_.owner;
    slice.next.writes = partitions_.at(slice.key).row.writes + 1;
    const auto advanced = store.advance(partitions_.at(slice.key).row, slice.next);
    if (!advanced) {
      return std::unexpected(
          Failure::of_statement(static_cast<std::uint32_t>(i), "its progress cannot be written", advanced.error())
              .at(kFarshore, kProgress));
    }
    if (*advanced) continue;
    partitions_.rollback();
    look_again(set, outcomes);
    metrics_.retries_ownership.fetch_add(1, std::memory_order_relaxed);
    return std::unexpected(Failure{ProgressMoved()});
  }

  counts_.assign(set.slices().size(), SliceCounts());
  StatementLimits limits;
  limits.parked_rows = settings_.parked_rows_max;
  if (RowLook* const look = target_.look()) look->begin();
  RowWriter writer(connection, target_.parking(), limits, target_.look());
  const auto first = static_cast<std::uint32_t>(std::ranges::find(active_, true) - active_.begin());
  const bool may_cascade = std::ranges::any_of((*plan)->grouped, &RowOp::may_cascade);
  if (may_cascade) {
    if (auto held = hold_keys(first); !held) return held;
  }
  if (auto rows = writer.write(**plan, set.slices(), counts_); !rows) return rows;
  if (may_cascade) {
    if (auto held = check_keys(); !held) return held;
  }
  if (auto noted = target_.note_looked(connection, first); !noted) return noted;
  if (auto told = write_doubts(set); !told) return told;
  if (auto offsets = partitions_.write_offsets(set.slices(), active_); !offsets)
    return std::unexpected(Failure::again(offsets.error()).at(kFarshore, "channel_offset"));
  if (auto committed = connection.commit(); !committed) return std::unexpected(Failure::again(committed.error()));

  target_.parking().settle(true);
  session_.passed();
  metrics_.transactions.fetch_add(1, std::memory_order_relaxed);
  session_.note_used();
  note_freed(**plan);
  note_mismatches(set);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i]) partitions_.applied(set.slices()[i], counts_[i], outcomes);
  }
  return {};
}

// --- a transaction that does not get through

// The next transaction that goes through clears it.
void WorkSetWriter::note_reason(const WorkSet& set, const std::string& sentence) {
  ProgressStore store(session_.connection(), settings_.region);
  std::vector<Held*> noted;
  bool good = true;
  for (std::size_t i = 0; i < active_.size() && good; ++i) {
    if (!active_[i]) continue;
    Held& held = partitions_.at(set.slices()[i].key);
    if (held.row.state != PartitionState::kApplying || held.row.reason == sentence) continue;
    ProgressRow row = held.row;
    row.reason = sentence;
    row.owner = settings_.owner;
    const auto advanced = store.advance(held.row, row);
    good = advanced && *advanced;
    noted.push_back(&held);
  }
  // Of a COMMIT without an answer the next try finds out.
  if (noted.empty() || !good || !session_.connection().commit()) return partitions_.rollback();
  for (Held* const held : noted) {
    held->row.reason = sentence;
    ++held->row.writes;
  }
}

// A table of them that is gone meanwhile is found by the next look at all tables.
std::expected<void, Failure> WorkSetWriter::hold_keys(std::uint32_t slice) {
  const auto held = target_.catalog().hold_keys(session_.connection());
  if (held) return {};
  if (held.error().kind == SqlErrorKind::kMissingTable) {
    target_.catalog().forget();
    return std::unexpected(Failure::again(held.error()));
  }
  return std::unexpected(
      Failure::of_statement(slice, "a table whose rows go with others by foreign keys cannot be held", held.error()));
}

// What has cascaded went by the keys that the tables are bound by, or all of it is taken back.
std::expected<void, Failure> WorkSetWriter::check_keys() {
  const auto hold = target_.catalog().keys_still_hold(session_.connection());
  if (!hold) return std::unexpected(Failure::again(hold.error()));
  if (*hold) return {};
  return std::unexpected(Failure{TargetMoved{"the target's foreign keys were changed"}});
}

// In the transaction that moves safe time to where they were known.
std::expected<void, Failure> WorkSetWriter::write_doubts(const WorkSet& set) {
  for (std::size_t i = 0; i < set.slices().size(); ++i) {
    const Slice& slice = set.slices()[i];
    if (!active_[i] || !slice.doubts) continue;
    const auto told = progress::write_told(session_.connection(), settings_.region, slice.key, *slice.doubts);
    if (told) continue;
    return std::unexpected(Failure::of_statement(static_cast<std::uint32_t>(i),
                                                 "what the origin's region doubts cannot be noted", told.error())
                               .at(kFarshore, "told_doubt"));
  }
  return {};
}

// The outcome of a transaction is not known, or a row was not as expected: what does the database hold?
void WorkSetWriter::look_again(WorkSet& set, std::vector<Outcome>& outcomes) {
  // Without a session: connect() waits, and the compare-and-set of the next try finds out what became of this one.
  if (session_.is_lost() && !session_.reopen()) return;
  ProgressStore store(session_.connection(), settings_.region);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    const Slice& slice = set.slices()[i];
    const ProgressRow& before = partitions_.at(slice.key).row;
    const auto found = store.find(slice.key);
    if (!found) return;
    if (*found && same_row(**found, before)) continue;
    active_[i] = false;
    const bool is_ours = *found && (*found)->epoch == slice.next.epoch && (*found)->seq == slice.next.seq &&
                         (*found)->writes == before.writes + 1 && (*found)->owner == settings_.owner;
    // What was parked by the transaction that went through is in the table only.
    if (is_ours && target_.parking().load(session_.connection(), slice.key)) {
      partitions_.applied(slice, SliceCounts(), outcomes);
    } else {
      partitions_.lose(slice.key,
                       is_ours ? "its parked changes could not be read; it is taken over again" : kMovedByAnother,
                       outcomes);
    }
  }
  (void)session_.connection().commit();
}

// --- what has its own time

void WorkSetWriter::tick(std::vector<Outcome>& outcomes, const std::stop_token& stop) {
  const auto now = Clock::now();
  // Without a partition none is waited for; but one that is there is kept, for the next that is taken over.
  if (!session_.keep_alive(!partitions_.empty(), stop) || !session_.is_ready()) return;
  barriers_.pass_due(now, outcomes);
  parked_.try_due(now, outcomes);
  if (!session_.is_lost()) parked_.carry_out_requests(now, outcomes);
}

// What was written may have set a value free that a parked change wants.
void WorkSetWriter::note_freed(const WritePlan& plan) {
  if (!target_.parking().waits().waits_for_values()) return;
  const auto note = [&](const RowOp& op) { target_.parking().waits().freed(values_freed(op), Clock::now()); };
  for (const WritePlan::Table& table : plan.tables) std::ranges::for_each(table.ops, note);
  std::ranges::for_each(plan.grouped, note);
}

void WorkSetWriter::note_mismatches(const WorkSet& set) {
  if (target_.look() == nullptr) return;
  for (const RowLook::Found& found : target_.look()->committed()) {
    const auto slice = std::ranges::find(set.slices(), found.partition, &Slice::key);
    FARSHORE_CHECK(slice != set.slices().end(), found.partition.to_string());
    MismatchCounts& counts = counts_[static_cast<std::size_t>(slice - set.slices().begin())].mismatches;
    for (std::size_t i = 0; i < kMismatches; ++i) counts[i] += found.counts[i];
    if (!found.sentence.empty()) notice_(NoticeLevel::kWarning, found.sentence);
  }
}

// Of partitions that may be another writer's, too.
}  // namespace farshore::apply
