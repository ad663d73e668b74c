#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/metric.hpp"
#include "services/gate/gate_state.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::gate {

enum class Reading : std::uint8_t { kGood, kFailed };
[[nodiscard]] constexpr std::string_view to_string(Reading result) {
  switch (result) {
    case Reading::kGood: return "good";
    case Reading::kFailed: return "failed";
  }
  return "";
}

/// What the gate counts, and how it is shown.
struct Counts {
  struct Stream {
    MetricList metrics{"origin", "stream"};

    Gauge safe_time{
        metrics, "farshore_safe_time_seconds",
        "Safe time as a timestamp: every change committed at the origin up to it is applied here. 0: none yet."};
    Gauge safe_time_age{metrics, "farshore_safe_time_age_seconds",
                        "How old safe time really is: by number, by growth, by pace."};
    Gauge open{metrics, "farshore_gate_open", "1: this region may take the stream over within its bounds."};
    GaugeBy<Reason, kReasonCount> reasons{metrics, "farshore_gate_reason_partitions", "reason",
                                          "Partitions for which this reason closes the gate."};
    Gauge comparison_age{
        metrics, "farshore_gate_comparison_age_seconds",
        "Time since the last comparison of all tables that was recorded began; since 1970 where none was."};
    Gauge parked{metrics, "farshore_gate_parked_rows", "Changes parked in this region's database."};
    Gauge conflicts{metrics, "farshore_gate_conflict_rows", "Conflicts not yet resolved."};
  };

  MetricList metrics{};

  Gauge evidence_age{metrics, "farshore_gate_evidence_age_seconds", "Time since the progress table was last read well.",
                     Gauge::kUnknown};
  CounterBy<Reading, 2> polls{metrics, "farshore_gate_polls_total", "result",
                              "Readings of the progress table; result: good or failed."};
  Counter reconnects{metrics, "farshore_gate_reconnects_total",
                     "Connections to the database begun again after a failure."};
};

/// Assessments as gauges: a stream's from the first assessment on that has it. One thread at a time.
class GateMetrics {
 public:
  /// Borrows both.
  GateMetrics(service::Metrics& metrics, Counts& counts) : metrics_(metrics), counts_(counts) {}

  void set(const Assessment& assessment);

 private:
  struct Stream {
    Counts::Stream counts;
    service::Metrics::Shown shown;
  };
  static void set(Counts::Stream& counts, const StreamVerdict& verdict, const Assessment& assessment);

  service::Metrics& metrics_;
  Counts& counts_;
  std::map<std::pair<std::string, std::string>, Stream> streams_;  ///< by origin and stream
};

}  // namespace farshore::gate
