#pragma once

#include <map>
#include <span>
#include <string>

#include "base/numbers.hpp"
#include "services/config/config.hpp"
#include "store/progress_row.hpp"

namespace farshore::ctl {

/// Up to when all changes of an origin have been applied, by the rows of its progress: of each partition of the streams
/// that are configured, however many it has here. Zero: one of them has no row yet. What is left of a stream that is
/// gone from the configuration stands still, and says nothing.
[[nodiscard]] SourceTime arrived_up_to(std::span<const store::ProgressRow> rows,
                                       const std::map<std::string, service::StreamConfig>& streams);

}  // namespace farshore::ctl
