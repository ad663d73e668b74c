#include "services/telemetry/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "services/telemetry/health.hpp"
#include "services/telemetry/version.hpp"

namespace farshore::service {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Source: proc(5), /proc/[pid]/statm: total and resident pages.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Metrics::Shown show_process(Metrics& metrics, const Health& health, const std::string& service) {
  const auto counts = std::make_shared<ProcessCounts>();
  counts->build_info.set(1);
  counts->started.set(std::chrono::system_clock::now());
  return metrics.show(
      {{counts->of_build, {service, std::string(kVersion)}}, {counts->of_service, {service}}, {counts->metrics}},
      [&health, counts] {
        counts->ready.set(health.readiness().good ? 1 : 0);
        counts->cpu.add(cpu_seconds() - counts->cpu.value());
        counts->resident_bytes.set(resident_bytes());
      });
}

}  // namespace farshore::service
