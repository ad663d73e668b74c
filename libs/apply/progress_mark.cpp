#include "apply/progress_mark.hpp"

#include <algorithm>
#include <string_view>

#include "base/check.hpp"

namespace farshore::apply {
namespace {

bool is_of_one_kind(const OriginPosition& a, const OriginPosition& b) {
  return (a.sources().empty() || b.domains().empty()) && (a.domains().empty() || b.sources().empty());
}

// A text that is none is nothing.
OriginPosition position_of(std::string_view text) { return OriginPosition::parse(text).value_or(OriginPosition()); }

// What is of the other kind of server adds nothing: containing less is never wrong.
OriginPosition united(OriginPosition position, const OriginPosition& other) {
  if (is_of_one_kind(position, other)) position.add(other);
  return position;
}

// The position before the transaction of `last`: the batch says it for its first and its last transaction.
std::string position_before(const change::Batch& batch, const change::ChangeView& last) {
  if (last.transaction == batch.changes().back().transaction) return std::string(batch.last_position());
  if (last.transaction == batch.changes().front().transaction) return std::string(batch.position());
  OriginPosition position = position_of(batch.position());
  for (std::uint32_t i = 0; i < last.transaction; ++i) {
    const Gtid& gtid = batch.transactions()[i].id;
    const bool is_of_kind = gtid.kind == ServerKind::kMysql ? position.domains().empty() : position.sources().empty();
    if (!gtid.empty() && is_of_kind) position.add(gtid);
  }
  return position.to_string();
}

}  // namespace

void ProgressMark::include(const change::Batch& batch, std::uint32_t end, bool contained, bool overlaps) {
  FARSHORE_CHECK(end > 0 && end <= batch.changes().size(), end, batch.changes().size());
  const change::ChangeView& last = batch.changes()[end - 1];
  const change::TransactionView& transaction = batch.transaction_of(last);
  row_.seq = last.seq;
  row_.commit_time = std::max(row_.commit_time, transaction.commit_time);
  if (overlaps) {
    const OriginPosition before = position_of(position_before(batch, last));
    row_.origin_position = united(position_of(row_.origin_position), before).to_string();
  } else {
    row_.origin_position = position_before(batch, last);
  }
  if (!contained) {
    row_.row_gtid = transaction.gtid;
    row_.row_ordinal = last.ordinal.raw();
  }
}

bool ProgressMark::note(const change::Watermark& watermark) {
  if (watermark.seq > row_.seq || watermark.time <= row_.safe_time) return false;
  row_.safe_time = watermark.time;
  // One that names an earlier seq may be older than what the position holds by now, and has nothing to add to it.
  if (watermark.seq < row_.seq) return true;
  const OriginPosition position = united(position_of(row_.origin_position), watermark.position);
  row_.origin_position = position.to_string();
  const auto row_gtid = Gtid::parse(row_.row_gtid);
  if (row_gtid && position.contains(*row_gtid)) {
    row_.row_gtid.clear();
    row_.row_ordinal = -1;
  }
  return true;
}

void ProgressMark::set_state(store::PartitionState state, std::string reason) {
  row_.state = state;
  row_.reason = store::reason_for_people(std::move(reason));
}

store::ProgressRow entered(const store::ProgressRow& row, EpochId id, const OriginPosition& begins_at) {
  store::ProgressRow next = row;
  next.epoch = id;
  next.seq = Seq(0);
  next.origin_position = united(position_of(row.origin_position), begins_at).to_string();
  next.state = store::PartitionState::kApplying;
  next.reason.clear();
  return next;
}

}  // namespace farshore::apply
