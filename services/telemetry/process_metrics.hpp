#pragma once

#include <string>

#include "base/metric.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::service {

class Health;

/// What every service shows of its own process.
struct ProcessCounts {
  MetricList of_build{"service", "version"};
  MetricList of_service{"service"};
  MetricList metrics{};

  Gauge build_info{of_build, "farshore_build_info", "Always 1; the labels say what runs."};
  Gauge ready{of_service, "farshore_service_ready", "1 when /readyz answers 200."};
  Counter cpu{metrics, "farshore_process_cpu_seconds_total", "Processor time of this process, user and system."};
  Gauge resident_bytes{metrics, "farshore_process_resident_bytes", "Resident memory of this process."};
  Gauge started{metrics, "farshore_process_start_timestamp_seconds", "When this process started."};
};

/// Shows version, readiness, processor time and memory; `health` must outlive what is returned.
[[nodiscard]] Metrics::Shown show_process(Metrics& metrics, const Health& health, const std::string& service);

}  // namespace farshore::service
