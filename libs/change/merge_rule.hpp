#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace farshore::change {

/// What a table's rule says of changes that meet at the target. What apply does by each of them: apply/merge_rule.hpp.
enum class MergeRule : std::uint8_t { kOverwrite, kImmutable, kNewest, kDelta, kLocal };
inline constexpr std::array kMergeRules{MergeRule::kOverwrite, MergeRule::kImmutable, MergeRule::kNewest,
                                        MergeRule::kDelta, MergeRule::kLocal};
[[nodiscard]] std::string_view to_string(MergeRule rule);

/// A rule that is not has a name and nothing else: no configuration may ask for it.
[[nodiscard]] constexpr bool is_built(MergeRule rule) {
  switch (rule) {
    case MergeRule::kOverwrite:
    case MergeRule::kImmutable:
    case MergeRule::kLocal: return true;
    case MergeRule::kNewest:
    case MergeRule::kDelta: return false;
  }
  return false;
}

/// Whether changes of such a table leave their region.
[[nodiscard]] constexpr bool is_carried(MergeRule rule) {
  switch (rule) {
    case MergeRule::kOverwrite:
    case MergeRule::kImmutable:
    case MergeRule::kNewest:
    case MergeRule::kDelta: return true;
    case MergeRule::kLocal: return false;
  }
  return false;
}

/// Whether a row may become a conflict while the rest of its transaction is applied.
[[nodiscard]] constexpr bool parts_transactions(MergeRule rule) {
  switch (rule) {
    case MergeRule::kImmutable: return true;
    case MergeRule::kOverwrite:
    case MergeRule::kNewest:
    case MergeRule::kDelta:
    case MergeRule::kLocal: return false;
  }
  return false;
}

/// What becomes of a table's gate when changes find other rows at the target than the origin had.
enum class OnMismatch : std::uint8_t { kClose, kWarn };
[[nodiscard]] constexpr bool closes_gate(OnMismatch on_mismatch) {
  switch (on_mismatch) {
    case OnMismatch::kClose: return true;
    case OnMismatch::kWarn: return false;
  }
  return true;
}
/// Which rows apply compares with the origin's image before it writes them. kNone: nothing watches, not even counts.
enum class LookAt : std::uint8_t { kNone, kSample, kAll };

}  // namespace farshore::change
