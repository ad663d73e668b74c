#include "store/progress_row.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace farshore::store {
namespace {

constexpr std::array<std::pair<PartitionState, std::string_view>, kPartitionStates> kStates{{
    {PartitionState::kApplying, "applying"},
    {PartitionState::kAtBarrier, "at-barrier"},
    {PartitionState::kWaitingForStatement, "waiting-for-statement"},
    {PartitionState::kHole, "hole"},
    {PartitionState::kWaitingForSchema, "waiting-for-schema"},
    {PartitionState::kNeedsSnapshot, "needs-snapshot"},
    {PartitionState::kUnreadableBatch, "unreadable-batch"},
    {PartitionState::kWrongIncarnation, "wrong-incarnation"},
    {PartitionState::kNumberingConflict, "numbering-conflict"},
    {PartitionState::kMarkerFiltered, "marker-filtered"},
    {PartitionState::kWrongOrigin, "wrong-origin"},
    {PartitionState::kStopped, "stopped"},
}};

}  // namespace

std::string_view to_string(PartitionState state) {
  return std::ranges::find(kStates, state, &std::pair<PartitionState, std::string_view>::first)->second;
}

std::optional<PartitionState> parse_partition_state(std::string_view text) {
  const auto found = std::ranges::find(kStates, text, &std::pair<PartitionState, std::string_view>::second);
  if (found == kStates.end()) return std::nullopt;
  return found->first;
}

std::string reason_for_people(std::string text) {
  if (text.size() > kReasonBytesMax) text.replace(kReasonBytesMax - 3, std::string::npos, "...");
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string PartitionKey::to_string() const { return origin + "/" + stream + "/" + std::to_string(partition.raw()); }

}  // namespace farshore::store
