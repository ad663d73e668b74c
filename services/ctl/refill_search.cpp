#include "services/ctl/refill_search.hpp"

namespace farshore::ctl {

RefillSearch::Found RefillSearch::look(const change::BatchHeader& header) {
  using change::BatchKind;
  if (header.id.epoch < applied_.epoch) return Found::kNotYet;
  if (header.id == applied_) {
    // A watermark alone brings no change; the start of the epoch that is applied is behind.
    if (header.kind != BatchKind::kChanges || header.last_seq() < next_) return Found::kNotYet;
    return header.first_seq <= next_ ? Found::kHere : Found::kGone;
  }
  // A later epoch, or another of the same number: apply judges its start. Without the start there is nothing to judge.
  return header.kind == BatchKind::kEpochStart ? Found::kHere : Found::kGone;
}

}  // namespace farshore::ctl
