#include "apply/work_set_transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "apply/backoff.hpp"
#include "apply/row_writer.hpp"
#include "base/check.hpp"
#include "base/fail_point.hpp"
#include "store/doubts.hpp"
#include "store/progress_store.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlErrorKind;
using store::PartitionState;
using store::ProgressRow;
using store::ProgressStore;

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

void WorkSetTransaction::write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop) {
  const AtHand at_hand_here([&] { return at_hand(set); });
  leave_out_stale(set, outcomes);
  session_.turn_to_next();
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

void WorkSetTransaction::leave_out_stale(const WorkSet& set, std::vector<Outcome>& outcomes) {
  for (const Slice& slice : set.slices()) {
    const HeldPartitions::Held* const held = partitions_.find(slice.key);
    if (held == nullptr) continue;
    const bool follows = held->row.epoch == slice.base_epoch && held->row.seq == slice.base_seq;
    if (follows && !held->barrier) continue;
    partitions_.lose(slice.key, "what was gathered does not follow what is applied; it is read again from there",
                     outcomes);
  }
  active_.assign(set.slices().size(), false);
  for (std::size_t i = 0; i < active_.size(); ++i) active_[i] = partitions_.contains(set.slices()[i].key);
}

std::uint32_t WorkSetTransaction::first_active() const {
  return static_cast<std::uint32_t>(std::ranges::find(active_, true) - active_.begin());
}

// --- one try

WorkSetTransaction::Attempt WorkSetTransaction::attempt(WorkSet& set, std::vector<Outcome>& outcomes) {
  if (!session_.marker_fault().empty()) {
    on_filtered_marker(set, outcomes);
    return Attempt::kAgain;
  }
  const auto written = [&] {
    const auto busy = session_.busy();
    return write_once(set, outcomes);
  }();
  if (written) return Attempt::kCommitted;
  partitions_.rollback();
  on_failure(written.error(), set, outcomes);
  return Attempt::kAgain;
}

std::expected<void, Failure> WorkSetTransaction::write_once(WorkSet& set, std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  // Look at the tables before the first write, so that progress is the first thing in the transaction. From here on
  // they stay as they are until its end.
  const auto plan = target_.planner().plan(connection, set, active_, !in_order_);
  if (!plan) return std::unexpected(plan.error());
  if (auto advanced = write_progress(set, outcomes); !advanced) return advanced;
  if (auto rows = write_rows(set, **plan); !rows) return rows;
  if (auto noted = target_.note_looked(connection, first_active()); !noted) return noted;
  if (auto noted = target_.note_awaited(connection, first_active()); !noted) return noted;
  if (auto told = write_doubts(set); !told) return told;
  if (auto offsets = partitions_.write_offsets(set.slices(), active_); !offsets)
    return std::unexpected(Failure::again(offsets.error()).at(kOwnSchema, store::kChannelOffsetTable));
  FAIL_POINT("apply.before-commit");
  if (auto committed = connection.commit(); !committed) return std::unexpected(Failure::again(committed.error()));
  FAIL_POINT("apply.after-commit");
  on_commit(set, **plan, outcomes);
  return {};
}

std::expected<void, Failure> WorkSetTransaction::write_progress(WorkSet& set, std::vector<Outcome>& outcomes) {
  ProgressStore store(session_.connection(), settings_.region);
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
              .at(kOwnSchema, store::kProgressTable));
    }
    if (*advanced) continue;
    partitions_.rollback();
    look_again(set, outcomes);
    totals_.retries.add(Retry::kOwnership);
    return std::unexpected(Failure{ProgressMoved()});
  }
  return {};
}

std::expected<void, Failure> WorkSetTransaction::write_rows(const WorkSet& set, const WritePlan& plan) {
  counts_.assign(set.slices().size(), SliceCounts());
  StatementLimits limits;
  limits.parked_rows = settings_.parked_rows_max;
  if (RowLook* const look = target_.look()) look->begin();
  RowWriter writer(session_.connection(), target_.parking(), limits, target_.look());
  const bool may_cascade = std::ranges::any_of(plan.grouped, &RowOp::may_cascade);
  if (may_cascade) {
    if (auto held = hold_keys(plan); !held) return held;
  }
  if (auto rows = writer.write(plan, set.slices(), counts_); !rows) return rows;
  return may_cascade ? check_keys() : std::expected<void, Failure>();
}

// A table of them that is gone meanwhile is found by the next look at all tables.
std::expected<void, Failure> WorkSetTransaction::hold_keys(const WritePlan& plan) {
  const auto held = target_.catalog().hold_keys(session_.connection(), plan.grouped);
  if (held) return {};
  const Unheld& unheld = held.error();
  if (unheld.error.kind == SqlErrorKind::kMissingTable) {
    target_.catalog().forget();
    return std::unexpected(Failure::again(unheld.error).at(unheld.schema, unheld.table));
  }
  return std::unexpected(
      Failure::of_statement(first_active(),
                            fmt::format("table {}.{}, whose rows go with others by foreign keys, cannot be held",
                                        unheld.schema, unheld.table),
                            unheld.error)
          .at(unheld.schema, unheld.table));
}

// What has cascaded went by the keys that the tables are bound by, or all of it is taken back.
std::expected<void, Failure> WorkSetTransaction::check_keys() {
  const auto hold = target_.catalog().keys_still_hold(session_.connection());
  if (!hold) return std::unexpected(Failure::again(hold.error()));
  if (*hold) return {};
  return std::unexpected(Failure{TargetMoved{"the target's foreign keys were changed"}});
}

// In the transaction that moves safe time to where they were known.
std::expected<void, Failure> WorkSetTransaction::write_doubts(const WorkSet& set) {
  for (std::size_t i = 0; i < set.slices().size(); ++i) {
    const Slice& slice = set.slices()[i];
    if (!active_[i] || !slice.doubts) continue;
    const auto told = store::write_told(session_.connection(), settings_.region, slice.key, *slice.doubts);
    if (told) continue;
    return std::unexpected(Failure::of_statement(static_cast<std::uint32_t>(i),
                                                 "what the origin's region doubts cannot be noted", told.error())
                               .at(kOwnSchema, store::kToldDoubtTable));
  }
  return {};
}

// --- when it has gone through

void WorkSetTransaction::on_commit(const WorkSet& set, const WritePlan& plan, std::vector<Outcome>& outcomes) {
  target_.parking().settle(true);
  target_.catalog().forget_bound();
  session_.passed();
  totals_.transactions.add();
  session_.note_used();
  note_freed(plan);
  note_mismatches(set);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (active_[i]) partitions_.applied(set.slices()[i], counts_[i], outcomes);
  }
}

// What was written may have set a value free that a parked change wants.
void WorkSetTransaction::note_freed(const WritePlan& plan) {
  ParkedWaits& waits = target_.parking().waits();
  if (!waits.waits_for_values()) return;
  const auto now = settings_.clock->now();
  const auto note = [&](const RowOp& op) { waits.freed(values_freed(op), now); };
  for (const WritePlan::Table& table : plan.tables) std::ranges::for_each(table.ops, note);
  std::ranges::for_each(plan.grouped, note);
}

void WorkSetTransaction::note_mismatches(const WorkSet& set) {
  if (target_.look() == nullptr) return;
  for (const RowLook::Found& found : target_.look()->committed()) {
    const auto slice = std::ranges::find(set.slices(), found.partition, &Slice::key);
    FARSHORE_CHECK(slice != set.slices().end(), found.partition.to_string());
    MismatchCounts& counts = counts_[static_cast<std::size_t>(slice - set.slices().begin())].mismatches;
    for (std::size_t i = 0; i < kMismatches; ++i) counts[i] += found.counts[i];
    if (!found.sentence.empty()) notice_(NoticeLevel::kWarning, found.sentence);
  }
}

// --- when it has not

void WorkSetTransaction::on_filtered_marker(const WorkSet& set, std::vector<Outcome>& outcomes) {
  const std::string fault = session_.marker_fault();
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    active_[i] = false;
    partitions_.suspend(set.slices()[i].key, PartitionState::kMarkerFiltered, fault, outcomes);
  }
  session_.close();  // the next one looks again
}

void WorkSetTransaction::on_failure(const Failure& failure, const WorkSet& set, std::vector<Outcome>& outcomes) {
  if (std::holds_alternative<LookFirst>(failure.kind)) return;
  if (std::holds_alternative<KeepOrder>(failure.kind)) {
    in_order_ = true;
    return;
  }
  const SliceStops* const stops = failure.slice_stops();
  if (stops == nullptr) {
    if (const TryAgain* const again = failure.try_again()) session_.count_retry(again->error);
    if (session_.is_lost()) {
      look_again(set, outcomes);
      return;
    }
    session_.tell(failure);
    if (session_.can_note_why_stuck()) note_reason(set, session_.why_stuck());
    return;
  }
  target_.catalog().forget();
  if (stops->state == PartitionState::kWaitingForSchema && !schema_is_fresh_) {
    schema_is_fresh_ = true;  // it may have changed since it was read
    return;
  }
  active_[stops->slice] = false;
  partitions_.suspend(set.slices()[stops->slice].key, stops->state, stops->reason, outcomes);
  // A limit or a grant may be the session's, as it was when it opened: the next one sees what was mended meanwhile.
  if (stops->state == PartitionState::kStopped) session_.close();
}

// The next transaction that goes through clears it.
void WorkSetTransaction::note_reason(const WorkSet& set, const std::string& sentence) {
  ProgressStore store(session_.connection(), settings_.region);
  std::vector<HeldPartitions::Held*> noted;
  bool good = true;
  for (std::size_t i = 0; i < active_.size() && good; ++i) {
    if (!active_[i]) continue;
    HeldPartitions::Held& held = partitions_.at(set.slices()[i].key);
    if (held.row.state != PartitionState::kApplying || held.row.reason == sentence) continue;
    ProgressRow row = held.row;
    row.reason = sentence;
    row.owner = settings_.owner;
    const auto advanced = store.advance(held.row, row);
    good = advanced && *advanced;
    noted.push_back(&held);
  }
  // Of a COMMIT without an answer the next try finds out, see look_again().
  if (noted.empty() || !good || !session_.connection().commit()) return partitions_.rollback();
  for (HeldPartitions::Held* const held : noted) {
    held->row.reason = sentence;
    ++held->row.writes;
  }
}

// The outcome of a transaction is not known, or a row was not as expected: what does the database hold?
void WorkSetTransaction::look_again(const WorkSet& set, std::vector<Outcome>& outcomes) {
  // Without a session: connect() waits, and the compare-and-set of the next try finds out what became of this one.
  if (session_.is_lost() && !session_.reopen()) return;
  mysql::Connection& connection = session_.connection();
  ProgressStore store(connection, settings_.region);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    const Slice& slice = set.slices()[i];
    const ProgressRow& before = partitions_.at(slice.key).row;
    const auto found = store.find(slice.key);
    if (!found) return;
    if (*found && same_row(**found, before)) continue;
    active_[i] = false;
    // Every field: a slice of watermarks has the seq that is there, and so have the rows that note_reason() and others
    // write, which hold nothing of the slice.
    ProgressRow wanted = slice.next;
    wanted.writes = before.writes + 1;
    wanted.owner = settings_.owner;
    const bool is_written = *found && **found == wanted;
    // What was parked by the transaction that went through is in the table only.
    if (is_written && target_.parking().load(connection, slice.key)) {
      partitions_.applied(slice, SliceCounts(), outcomes);
    } else if (is_written) {
      partitions_.lose(slice.key, "its parked changes could not be read; it is taken over again", outcomes);
    } else if (*found && (*found)->owner == settings_.owner) {
      partitions_.lose(slice.key, "a COMMIT went through whose answer was lost; it is taken over again", outcomes);
    } else {
      partitions_.lose(slice.key, kMovedByAnother, outcomes);
    }
  }
  (void)connection.commit();
}

}  // namespace farshore::apply
