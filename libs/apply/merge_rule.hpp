#pragma once

#include <cstdint>

#include "change/merge_rule.hpp"

/// What apply does by a table's merge rule. Whoever has two changes of a key, or a change and a row, asks here; how the
/// table's keys behave is another matter, see WritePath. A rule is a line of merge_traits(); what no other rule does
/// yet is a word more in one of these enums, and the compiler shows who has to learn it.
///
/// `delta`, which is not built, would find its sums in what is kept already. Changes of a key come from one origin in
/// its order, so that together they add what the row after the last has more than the row before the first: that is a
/// span. In a work set, and in what is parked, it is Combine::kSpan as it stands (RowOp::first, single_change_bytes()).
/// It is written by a Writes of its own, from both ends of the span. And a change that finds an older one of its key
/// parked must begin where the first of those began that are held back, see MeetsParked: that one is in ParkedFirst.
namespace farshore::apply {

struct RowOp;

/// What is left of two changes of one key that meet in a work set. Only where changes of other keys may change places
/// with them: see WritePath.
enum class Combine : std::uint8_t {
  kSpan,  ///< one: from the row before the earlier to the row after the later, whose image is written
  kEach,  ///< both, in their order
};
[[nodiscard]] constexpr bool joins_changes(Combine combine) {
  switch (combine) {
    case Combine::kSpan: return true;
    case Combine::kEach: return false;
  }
  return false;
}

/// How a row is written.
enum class Writes : std::uint8_t {
  kImage,       ///< as the change leaves it, in place of what is here
  kInsertOnly,  ///< inserted; one that is here has to be the same, or the change is a conflict, as is all but an INSERT
};

/// What a change does that finds an older one of its key parked, or in conflict.
enum class MeetsParked : std::uint8_t {
  kReplaces,  ///< it is written or parked alone, in place of the older one: what it leaves says all of the row
};

/// What is made of the row that a change finds here.
enum class Expects : std::uint8_t {
  kRowBefore,  ///< the row before the change: another one is a mismatch
  kAnything,   ///< nothing is compared beforehand
};
[[nodiscard]] constexpr bool expects_a_row(Expects expects) {
  switch (expects) {
    case Expects::kRowBefore: return true;
    case Expects::kAnything: return false;
  }
  return false;
}

struct MergeTraits {
  Combine combine = Combine::kSpan;
  Writes writes = Writes::kImage;
  MeetsParked meets_parked = MeetsParked::kReplaces;
  Expects expects = Expects::kRowBefore;
};

/// Of a rule that is built and whose changes are carried; another one is a bug, as TableRules has none.
[[nodiscard]] MergeTraits merge_traits(change::MergeRule rule);

/// Combine::kSpan: `earlier` becomes the one that is left of it and `later`, which follows it, see follows().
void join(RowOp& earlier, const RowOp& later);

}  // namespace farshore::apply
