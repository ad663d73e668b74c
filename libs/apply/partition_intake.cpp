#include "apply/partition_intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace farshore::apply {
namespace {

using Step = Intake::Step;

bool has_group(const change::Batch& batch) {
  return std::ranges::any_of(batch.tables(), [](const auto& table) { return !table->group.empty(); });
}

/// Where the last transaction of the held parts begins, and whether it touches an order group.
struct Tail {
  std::size_t part = 0;
  std::uint32_t change = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of the records that it is in
  bool touches_group = false;
};

Tail last_transaction_of(const std::deque<BatchPart>& held) {
  const change::Batch& last = held.back().batch->batch;
  const Gtid& gtid = last.transaction_of(last.changes()[held.back().end - 1]).id;
  Tail tail{.part = held.size(), .change = 0, .rows = 0, .bytes = 0, .touches_group = false};
  for (std::size_t at = held.size(); at-- > 0;) {
    const change::Batch& batch = held[at].batch->batch;
    std::uint32_t begin = held[at].end;
    while (begin > held[at].begin && batch.transaction_of(batch.changes()[begin - 1]).id == gtid) {
      --begin;
      tail.touches_group |= !batch.changes()[begin].table->group.empty();
    }
    if (begin == held[at].end) break;
    tail.part = at;
    tail.change = begin;
    tail.rows += held[at].end - begin;
    tail.bytes += held[at].batch->value.size();
    if (begin > held[at].begin) break;
  }
  return tail;
}

/// What held the partition up lay behind what is applied, or was parked: a newer watermark that names just what is
/// applied shows that it is gone. A hole is left only by its next change, a barrier by its epoch.
bool ends_with_watermark(PartitionState state) {
  return state == PartitionState::kWaitingForSchema || state == PartitionState::kStopped ||
         state == PartitionState::kUnreadableBatch || state == PartitionState::kWrongOrigin;
}

/// What ends such a stop, for somebody who has only the sentence. The runbooks say more.
std::string way_out(PartitionState state, const store::PartitionKey& key, std::string_view reason) {
  switch (state) {
    case PartitionState::kHole:
      return fmt::format(
          "; `farshorectl refill --origin {} --peer FILE` copies it once more, if the origin's Kafka has it",
          key.origin);
    case PartitionState::kNeedsSnapshot:
      return fmt::format(
          "; `farshorectl refill --origin {} --peer FILE` brings what is before, if the origin's Kafka has it; else "
          "begin the origin anew, with a copy of its tables",
          key.origin);
    case PartitionState::kWrongIncarnation:
    case PartitionState::kNumberingConflict:
      if (reason.contains("origin reset")) return {};
      return fmt::format("; `farshorectl origin reset --origin {}`, at the origin and here, with a copy of its tables",
                         key.origin);
    case PartitionState::kWrongOrigin:
      return "; a mirror renames topics or copies from the wrong cluster, or somebody else produces to this topic";
    case PartitionState::kUnreadableBatch:
      return "; `farshorectl decode` shows whether it is so at the origin's Kafka too, or was damaged on the way";
    case PartitionState::kApplying:
    case PartitionState::kAtBarrier:
    case PartitionState::kWaitingForStatement:
    case PartitionState::kWaitingForSchema:
    case PartitionState::kMarkerFiltered:
    case PartitionState::kStopped: return {};
  }
  return {};
}

Admission unreadable(std::string reason) {
  return {.kind = Admission::Kind::kRefuse, .state = PartitionState::kUnreadableBatch, .reason = std::move(reason)};
}

}  // namespace

PartitionIntake::PartitionIntake(const store::ProgressRow& row, const WholeTransaction& whole)
    : tracker_(row), mark_(row), whole_(whole) {}

Intake PartitionIntake::take(const std::shared_ptr<ReadBatch>& batch, change::TableCache& tables, WorkSet& set) {
  FARSHORE_CHECK(!at_barrier_);
  const auto header = change::decode_header(batch->header);
  if (!header) {
    return stop(
        Step::kRefused,
        unreadable(fmt::format("the record at offset {}: {}", batch->offset.raw(), change::to_string(header.error()))),
        set);
  }
  Admission admission = tracker_.judge(*header);
  if (admission.kind == Admission::Kind::kDrop) {
    return {.step = Step::kDropped, .rows = header->count, .duplicates = header->count};
  }
  if (admission.kind == Admission::Kind::kGap) return stop(Step::kGap, admission, set);
  if (admission.kind == Admission::Kind::kRefuse) {
    admission.reason = fmt::format("at offset {}: {}", batch->offset.raw(), admission.reason);
    return stop(Step::kRefused, admission, set);
  }
  if (auto read = change::read_batch(batch->header, batch->value, tables, batch->batch); !read) {
    return stop(Step::kRefused,
                unreadable(fmt::format("the batch at offset {} is {}: {}", batch->offset.raw(),
                                       change::to_string(read.error().kind), read.error().detail)),
                set);
  }
  next_offset_ = batch->offset.next();
  if (header->kind == change::BatchKind::kEpochStart) return take_start(batch, set);
  Intake intake{.step = Step::kGathered, .rows = 0, .duplicates = 0};
  if (header->kind == change::BatchKind::kChanges) intake = take_changes(batch, set);
  if (intake.step == Step::kGathered && batch->batch.watermark()) note_watermark(*batch->batch.watermark(), set);
  return intake;
}

Intake PartitionIntake::take_changes(const std::shared_ptr<ReadBatch>& batch, WorkSet& set) {
  auto taken = tracker_.take(batch->batch);
  if (!taken) {
    return stop(
        Step::kRefused,
        unreadable(fmt::format("the batch at offset {} cannot be used: {}", batch->offset.raw(), taken.error())), set);
  }
  BatchPart part;
  part.batch = batch;
  part.begin = taken->first;
  part.end = static_cast<std::uint32_t>(batch->batch.changes().size());
  part.contained = std::move(taken->contained);
  part.overlaps = taken->overlaps;
  const Intake intake{.step = Step::kGathered, .rows = part.end, .duplicates = part.begin};
  const change::ChangeView& first = batch->batch.changes()[part.begin];
  if (apart_ && !held_.empty() && batch->batch.transaction_of(first).id != held_gtid()) {
    release_all(set);
    owes_ = true;
  }
  if (held_.empty() && !has_group(batch->batch) && !owes_) {
    include(std::move(part), set);
    return intake;
  }
  held_rows_ += part.rows();
  held_.push_back(std::move(part));
  if (!owes_) release_complete(set);
  return intake;
}

void PartitionIntake::release(WorkSet& set) {
  owes_ = false;
  if (!held_.empty()) release_complete(set);
}

/// Of the last change that is held.
const Gtid& PartitionIntake::held_gtid() const {
  const change::Batch& last = held_.back().batch->batch;
  return last.transaction_of(last.changes()[held_.back().end - 1]).id;
}

// Everything before the last transaction is complete, since another one follows it.
void PartitionIntake::release_complete(WorkSet& set) {
  const change::Batch& last = held_.back().batch->batch;
  if (last.changes()[held_.back().end - 1].last_in_transaction) return release_all(set);
  const Tail tail = last_transaction_of(held_);
  const bool is_too_large = tail.rows > whole_.rows_max || tail.bytes > whole_.bytes_max;
  if (!tail.touches_group || is_too_large) return release_all(set);
  for (std::size_t i = 0; i < tail.part; ++i) {
    BatchPart part = std::move(held_.front());
    held_.pop_front();
    held_rows_ -= part.rows();
    include(std::move(part), set);
  }
  if (tail.change > held_.front().begin) {
    BatchPart complete = held_.front();
    complete.end = tail.change;
    held_.front().begin = tail.change;
    held_rows_ -= complete.rows();
    include(std::move(complete), set);
  }
}

void PartitionIntake::release_all(WorkSet& set) {
  while (!held_.empty()) {
    BatchPart part = std::move(held_.front());
    held_.pop_front();
    include(std::move(part), set);
  }
  held_rows_ = 0;
}

void PartitionIntake::include(BatchPart part, WorkSet& set) {
  Slice& slice = slice_in(set);
  mark_.include(part.batch->batch, part.end, part.is_contained(part.end - 1), part.overlaps);
  go_on();
  slice.next = mark_.row();
  slice.next_offset = held_.empty() ? next_offset_ : held_.front().batch->offset;
  part.slice = slice_;
  set.add(std::move(part));
}

void PartitionIntake::note_watermark(const change::Watermark& watermark, WorkSet& set) {
  if (!held_.empty() && !owes_) {
    const change::Batch& last = held_.back().batch->batch;
    // The source's transaction is over, and all of it that is this partition's was received.
    if (watermark.position.contains(last.transactions().back().id)) release_all(set);
  }
  if (!mark_.note(watermark)) return;
  if (watermark.seq == mark_.row().seq && ends_with_watermark(mark_.row().state)) go_on();
  Slice& slice = slice_in(set);
  slice.next = mark_.row();
  slice.next_offset = held_.empty() ? next_offset_ : held_.front().batch->offset;
  // Safe time and the doubts of that time go together: one transaction writes both.
  if (doubts_ == watermark.doubts) return;
  doubts_ = watermark.doubts;
  slice.doubts = watermark.doubts;
}

Intake PartitionIntake::take_start(const std::shared_ptr<ReadBatch>& batch, WorkSet& set) {
  Admission admission = tracker_.judge_start(batch->batch);
  if (admission.kind == Admission::Kind::kGap) return stop(Step::kGap, admission, set);
  if (admission.kind == Admission::Kind::kRefuse) return stop(Step::kRefused, admission, set);
  const EpochId id = batch->batch.header().id;
  // Read again from there after a restart: what is left to the new epoch counts to this one.
  const KafkaOffset next_offset =
      leaves_rest_to(*batch->batch.epoch_start()) ? held_.front().batch->offset : batch->offset;
  if (next_offset == batch->offset) release_all(set);
  held_.clear();
  held_rows_ = 0;
  Slice& slice = slice_in(set);
  mark_.set_state(PartitionState::kAtBarrier,
                  fmt::format("at the start of epoch {}: {}", id.epoch.raw(), batch->batch.epoch_start()->reason));
  slice.next = mark_.row();
  slice.next_offset = next_offset;
  slice.arrival = Barrier{.epoch = id, .start = *batch->batch.epoch_start()};
  at_barrier_ = true;
  is_stopped_ = false;
  return {.step = Step::kBarrier, .rows = 0, .duplicates = 0};
}

/// An epoch may begin before a transaction of which a part is published in the epoch that ends: it comes once more, and
/// whole. What an order group holds back of it is not applied by halves before the barrier.
bool PartitionIntake::leaves_rest_to(const change::EpochStart& start) const {
  return !held_.empty() && !start.begins_at.contains(held_gtid());
}

void PartitionIntake::pass_barrier(const store::ProgressRow& row) {
  FARSHORE_CHECK(at_barrier_ && held_.empty());
  tracker_.enter_epoch(row);
  mark_.enter_epoch(row);
  at_barrier_ = false;
  slice_serial_ = 0;
}

void PartitionIntake::go_on() {
  mark_.set_state(PartitionState::kApplying, "");
  is_stopped_ = false;
}

// Every record behind a gap shows it again, in other words: what the first one said stays.
Intake PartitionIntake::stop(Step step, const Admission& admission, WorkSet& set) {
  const store::ProgressRow& row = mark_.row();
  std::string reason = store::reason_for_people(admission.reason + way_out(admission.state, row.key, admission.reason));
  const bool is_said = row.state == admission.state && (is_stopped_ || row.reason == reason);
  is_stopped_ = true;
  if (!is_said) {
    Slice& slice = slice_in(set);
    mark_.set_state(admission.state, std::move(reason));
    slice.next = mark_.row();
  }
  return {.step = step, .rows = 0, .duplicates = 0};
}

Slice& PartitionIntake::slice_in(WorkSet& set) {
  if (slice_serial_ != set.serial()) {
    slice_ = set.open_slice(mark_.row());
    slice_serial_ = set.serial();
  }
  return set.slice(slice_);
}

}  // namespace farshore::apply
