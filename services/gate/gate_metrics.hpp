#pragma once

#include "services/gate/gate_state.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::gate {

/// Writes an assessment into the gate's series.
void export_assessment(service::Metrics& metrics, const Assessment& assessment);

}  // namespace farshore::gate
