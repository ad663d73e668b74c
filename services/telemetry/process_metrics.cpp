#include "services/telemetry/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

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

Metrics::Refresh export_process_metrics(Metrics& metrics, const Health& health, const std::string& service) {
  metrics.gauge(metric::kBuildInfo, {service, kVersion}).set(1);
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  metrics.gauge(metric::kProcessStarted, {}).set(now.count());
  const Gauge ready = metrics.gauge(metric::kReady, {service});
  const Counter cpu = metrics.counter(metric::kProcessCpu, {});
  const Gauge resident = metrics.gauge(metric::kProcessResident, {});
  return metrics.before_scrape([&health, ready, cpu, resident] {
    ready.set(health.readiness().good ? 1 : 0);
    cpu.advance_to(cpu_seconds());
    resident.set(resident_bytes());
  });
}

}  // namespace farshore::service
