#include "apply/work_set.hpp"

#include <utility>

#include "base/check.hpp"

namespace farshore::apply {

std::uint32_t WorkSet::open_slice(const store::ProgressRow& base) {
  Slice& slice = slices_.emplace_back();
  slice.key = base.key;
  slice.base_epoch = base.epoch;
  slice.base_seq = base.seq;
  slice.next = base;
  return static_cast<std::uint32_t>(slices_.size() - 1);
}

void WorkSet::add(BatchPart part) {
  FARSHORE_CHECK(part.slice < slices_.size() && part.begin < part.end && part.end <= part.batch->batch.changes().size(),
                 part.slice, part.begin, part.end);
  Slice& slice = slices_[part.slice];
  slice.rows += part.rows();
  for (std::uint32_t i = part.begin; i < part.end && !part.contained.empty(); ++i) slice.contained += part.contained[i];
  rows_ += part.rows();
  bytes_ += part.batch->value.size();
  parts_.push_back(std::move(part));
}

void WorkSet::clear() {
  slices_.clear();
  parts_.clear();
  rows_ = 0;
  bytes_ = 0;
  ++serial_;
}

}  // namespace farshore::apply
