#include "services/farshore/every_metric.hpp"

#include <array>

#include "apply/counts.hpp"
#include "capture/counts.hpp"
#include "services/gate/gate_metrics.hpp"
#include "services/telemetry/process_metrics.hpp"

namespace farshore {

std::span<const service::MetricsOf> every_metric() {
  static const service::ProcessCounts process{};
  static const capture::Counts capture{};
  static const capture::Counts::Stream capture_stream{};
  static const apply::Counts apply{};
  static const apply::Counts::Stream apply_stream{};
  static const gate::Counts gate{};
  static const gate::Counts::Stream gate_stream{};
  static constexpr const char* kEvery = "capture,apply,gate";
  static const std::array<service::MetricsOf, 9> all{{
      {"Every service", kEvery, process.of_build},
      {"Every service", kEvery, process.of_service},
      {"Every service", kEvery, process.metrics},
      {"capture", "capture", capture.metrics},
      {"capture", "capture", capture_stream.metrics},
      {"apply", "apply", apply.metrics},
      {"apply", "apply", apply_stream.metrics},
      {"gate", "gate", gate_stream.metrics},
      {"gate", "gate", gate.metrics},
  }};
  return all;
}

}  // namespace farshore
