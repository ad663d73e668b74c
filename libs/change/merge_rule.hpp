#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace farshore::change {

/// What a table's rule says of changes that meet at the target.
enum class MergeRule : std::uint8_t { kOverwrite, kImmutable, kNewest, kDelta, kLocal };
/// What becomes of a table's gate when changes find other rows at the target than the origin had.
enum class OnMismatch : std::uint8_t { kClose, kWarn };
/// Which rows apply compares with the origin's image before it writes them. kNone: nothing watches, not even counts.
enum class LookAt : std::uint8_t { kNone, kSample, kAll };
[[nodiscard]] std::string_view to_string(MergeRule rule);
[[nodiscard]] std::optional<MergeRule> parse_merge_rule(std::string_view text);

}  // namespace farshore::change
