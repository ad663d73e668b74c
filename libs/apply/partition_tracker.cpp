#include "apply/partition_tracker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"

namespace farshore::apply {
namespace {

using change::BatchHeader;
using change::BatchKind;
using Kind = Admission::Kind;

Admission drop() { return {}; }
Admission read() { return {.kind = Kind::kRead, .state = PartitionState::kApplying, .reason = {}}; }
Admission gap(std::string reason) {
  return {.kind = Kind::kGap, .state = PartitionState::kHole, .reason = std::move(reason)};
}
Admission refuse(PartitionState state, std::string reason) {
  return {.kind = Kind::kRefuse, .state = state, .reason = std::move(reason)};
}

bool is_position_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '-' ||
           c == ',';
  });
}

/// What goes into the progress row as it is.
bool are_positions(const change::Batch& batch) {
  return is_position_text(batch.position()) && is_position_text(batch.last_position()) &&
         std::ranges::none_of(batch.transactions(),
                              [](const change::TransactionView& transaction) { return transaction.id.empty(); });
}

std::string text_of(EpochId id) { return fmt::format("{} ({:016x})", id.epoch.raw(), id.incarnation.raw()); }

}  // namespace

PartitionTracker::PartitionTracker(const ProgressRow& row) : key_(row.key), epoch_(row.epoch), seq_(row.seq) {
  remember_contained(row);
}

void PartitionTracker::remember_contained(const ProgressRow& row) {
  Contained contained;
  if (auto position = OriginPosition::parse(row.origin_position)) contained.position = std::move(*position);
  if (auto gtid = Gtid::parse(row.row_gtid)) {
    contained.row_gtid = *gtid;
    contained.row_ordinal = row.row_ordinal;
  }
  contained_ = std::move(contained);
}

void PartitionTracker::enter_epoch(const ProgressRow& row) {
  FARSHORE_CHECK(row.epoch.epoch > epoch_.epoch && row.seq == Seq(0), row.epoch.epoch, epoch_.epoch, row.seq);
  epoch_ = row.epoch;
  seq_ = row.seq;
  remember_contained(row);
}

Admission PartitionTracker::judge(const BatchHeader& header) const {
  if (header.origin != key_.origin || header.stream != key_.stream || header.partition != key_.partition) {
    return refuse(PartitionState::kWrongOrigin,
                  fmt::format("the topic of {} holds a batch of {}/{}/{}", key_.to_string(), header.origin,
                              header.stream, header.partition.raw()));
  }
  if (header.id != epoch_ || epoch_.epoch == Epoch(0)) return judge_other_epoch(header);
  switch (header.kind) {
    case BatchKind::kEpochStart: return drop();
    case BatchKind::kWatermark:
      if (header.first_seq <= seq_) return read();
      return gap(fmt::format("seq {} of epoch {} is missing: a watermark names {}", seq_.next().raw(), text_of(epoch_),
                             header.first_seq.raw()));
    case BatchKind::kChanges:
      if (header.last_seq() <= seq_) return drop();
      if (header.first_seq <= seq_.next()) return read();
      return gap(fmt::format("seq {} of epoch {} is missing: the topic goes on with {}", seq_.next().raw(),
                             text_of(epoch_), header.first_seq.raw()));
  }
  return refuse(PartitionState::kUnreadableBatch, "a batch of unknown kind");
}

Admission PartitionTracker::judge_other_epoch(const BatchHeader& header) const {
  const bool no_progress = epoch_.epoch == Epoch(0);
  if (header.id.epoch == Epoch(0)) return refuse(PartitionState::kUnreadableBatch, "a batch of epoch 0");
  if (!no_progress && header.id.epoch < epoch_.epoch) return drop();
  if (!no_progress && header.id.epoch == epoch_.epoch) {
    return refuse(
        PartitionState::kWrongIncarnation,
        fmt::format("the topic holds epoch {}, and epoch {} is applied here: the same number, another history",
                    text_of(header.id), text_of(epoch_)));
  }
  if (header.kind == BatchKind::kEpochStart) return read();
  if (no_progress) {
    return refuse(PartitionState::kNeedsSnapshot,
                  fmt::format("nothing is applied here yet, and the topic begins inside epoch {}, at seq {}",
                              text_of(header.id), header.first_seq.raw()));
  }
  return gap(fmt::format("the start record of epoch {} is missing", text_of(header.id)));
}

Admission PartitionTracker::judge_start(const change::Batch& batch) const {
  FARSHORE_CHECK(batch.header().kind == BatchKind::kEpochStart && batch.epoch_start(), batch.header().kind);
  const change::EpochStart& start = *batch.epoch_start();
  Admission barrier{.kind = Kind::kBarrier, .state = PartitionState::kAtBarrier, .reason = {}};
  const auto own_end = std::ranges::find_if(start.continued, [&](const change::PartitionEnd& end) {
    return end.stream == key_.stream && end.partition == key_.partition;
  });
  const bool had_changes = own_end != start.continued.end() && own_end->last_seq > Seq(0);

  if (epoch_.epoch == Epoch(0)) {
    if (start.is_first() || !had_changes) return barrier;
    return refuse(PartitionState::kNeedsSnapshot,
                  fmt::format("nothing is applied here yet, and epoch {} continues epoch {} after its seq {}",
                              text_of(batch.header().id), text_of(start.continues), own_end->last_seq.raw()));
  }
  if (start.continues.epoch > epoch_.epoch) {
    return gap(fmt::format("the start record of epoch {} is missing", text_of(start.continues)));
  }
  if (start.is_first()) {
    return refuse(PartitionState::kWrongIncarnation,
                  fmt::format("the origin began anew with epoch {}, and epoch {} is applied here: `farshorectl origin "
                              "reset --origin {}` here too, and a copy of its tables",
                              text_of(batch.header().id), text_of(epoch_), key_.origin));
  }
  if (start.continues != epoch_ || own_end == start.continued.end()) {
    return refuse(PartitionState::kWrongIncarnation,
                  fmt::format("epoch {} continues epoch {}, and epoch {} is applied here", text_of(batch.header().id),
                              text_of(start.continues), text_of(epoch_)));
  }
  if (own_end->last_seq > seq_) {
    return gap(fmt::format("seq {} of epoch {} is missing: epoch {} begins after {}", seq_.next().raw(),
                           text_of(epoch_), text_of(batch.header().id), own_end->last_seq.raw()));
  }
  if (own_end->last_seq < seq_ && (start.numbering_changed || start.statement)) {
    return refuse(
        PartitionState::kNumberingConflict,
        fmt::format("epoch {} {} and continues after seq {}, and seq {} is applied here", text_of(batch.header().id),
                    start.numbering_changed ? "numbers otherwise" : "begins behind a statement without rows",
                    own_end->last_seq.raw(), seq_.raw()));
  }
  return barrier;
}

std::expected<PartitionTracker::Taken, std::string> PartitionTracker::take(const change::Batch& batch) {
  FARSHORE_CHECK(batch.header().kind == BatchKind::kChanges && batch.header().id == epoch_, batch.header().kind,
                 batch.header().id.epoch, epoch_.epoch);
  FARSHORE_CHECK(batch.header().first_seq <= seq_.next() && batch.header().last_seq() > seq_, batch.header().first_seq,
                 batch.header().last_seq(), seq_);
  if (!are_positions(batch)) return std::unexpected("it holds a text that is neither GTID nor position");
  Taken taken;
  taken.first = static_cast<std::uint32_t>(seq_.raw() + 1 - batch.header().first_seq.raw());
  if (contained_) {
    const auto position = OriginPosition::parse(batch.position());
    if (!position) return std::unexpected("its position is no origin position");
    const bool row_is_behind = contained_->row_gtid.empty() || position->contains(contained_->row_gtid);
    if (row_is_behind && position->contains(contained_->position)) {
      contained_.reset();  // from here on nothing can be contained any more
    } else {
      taken.overlaps = true;
      std::vector<bool> whole;  // by transaction
      std::vector<bool> in_part;
      for (const change::TransactionView& transaction : batch.transactions()) {
        whole.push_back(contained_->position.contains(transaction.id));
        in_part.push_back(transaction.id == contained_->row_gtid);
      }
      for (const change::ChangeView& change : batch.changes()) {
        taken.contained.push_back(
            whole[change.transaction] ||
            (in_part[change.transaction] && std::int64_t{change.ordinal.raw()} <= contained_->row_ordinal));
      }
    }
  }
  seq_ = batch.header().last_seq();
  return taken;
}

}  // namespace farshore::apply
