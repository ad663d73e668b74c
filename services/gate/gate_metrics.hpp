#pragma once

#include "common/metrics.hpp"
#include "gate/gate_state.hpp"

namespace farshore::gate {

/// Writes an assessment into the gate's series.
void export_assessment(common::Metrics& metrics, const Assessment& assessment);

}  // namespace farshore::gate
