#include "apply/merge_rule.hpp"

#include "apply/row_op.hpp"
#include "base/check.hpp"

namespace farshore::apply {

MergeTraits merge_traits(change::MergeRule rule) {
  switch (rule) {
    case change::MergeRule::kOverwrite:
      return {.combine = Combine::kSpan,
              .writes = Writes::kImage,
              .meets_parked = MeetsParked::kReplaces,
              .expects = Expects::kRowBefore};
    case change::MergeRule::kImmutable:
      return {.combine = Combine::kEach,
              .writes = Writes::kInsertOnly,
              .meets_parked = MeetsParked::kReplaces,
              .expects = Expects::kAnything};
    case change::MergeRule::kNewest:
    case change::MergeRule::kDelta:
    case change::MergeRule::kLocal: break;
  }
  FARSHORE_CHECK(change::is_built(rule) && change::is_carried(rule), change::to_string(rule));
  return {};
}

void join(RowOp& earlier, const RowOp& later) {
  const change::ChangeView& first = earlier.first_change();
  earlier = later;
  earlier.first = &first;
}

}  // namespace farshore::apply
