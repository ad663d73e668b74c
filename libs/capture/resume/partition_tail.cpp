#include "capture/resume/partition_tail.hpp"

#include <algorithm>

namespace farshore::capture {

void take(PartitionTail& tail, const change::BatchHeader& header) {
  if (tail.newest && header.id.epoch < tail.newest->epoch) return;
  if (!tail.newest || header.id.epoch > tail.newest->epoch) {
    tail.newest = header.id;
    tail.first_seq = Seq(0);
    tail.published = {};
    tail.has_gap = false;
    tail.last_seq = Seq(0);
  }
  if (header.id.incarnation != tail.newest->incarnation) {
    tail.has_two_incarnations = true;
    return;
  }
  tail.last_seq = std::max(tail.last_seq, header.last_seq());
  if (header.kind != change::BatchKind::kChanges || header.last_seq() <= tail.published.seq) return;
  if (tail.first_seq == Seq(0)) {
    tail.first_seq = header.first_seq;
  } else if (header.first_seq > tail.published.seq.next()) {
    tail.has_gap = true;
    return;
  }
  tail.published = {
      .seq = header.last_seq(), .gtid = std::string(header.gtid), .ordinal = header.last_ordinal, .commit_time = {}};
}

}  // namespace farshore::capture
