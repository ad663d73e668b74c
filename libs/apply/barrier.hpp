#pragma once

#include <span>
#include <string>

#include "base/numbers.hpp"
#include "change/epoch_start.hpp"
#include "progress/progress_row.hpp"

namespace farshore::apply {

/// Whether every partition of the origin that existed in the continued epoch has arrived at the start of `id`, or is
/// beyond it. `rows` are the origin's, of this region.
/// Otherwise `waiting_for` (for people) names one that has not.
[[nodiscard]] bool barrier_is_complete(EpochId id, const change::EpochStart& start,
                                       std::span<const progress::ProgressRow> rows, std::string& waiting_for);

}  // namespace farshore::apply
