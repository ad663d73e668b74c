#include "services/telemetry/metric_reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace farshore::service {
namespace {

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "";
}

std::string label_names(const MetricList& list, const Metric& metric) {
  std::vector<std::string> names;
  for (const std::string_view label : list.labels()) names.push_back(fmt::format("`{}`", label));
  if (!metric.label.empty()) names.push_back(fmt::format("`{}`", metric.label));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string metric_reference(std::span<const MetricsOf> all) {
  std::string out = R"(# Metrics

Every service serves `/metrics` in Prometheus' text format. Names follow one grammar: `farshore_<what>_<unit>[_total]`, in base
units (seconds, bytes, rows); an answer of 0 or 1 (`open`, `active`, `stopped`, `ready`) has no unit. Timestamps are seconds since
1970 UTC; a commit's is by its source's clock. A series appears when its origin and stream do.

This page and `tests/golden/metrics.txt` are generated from the declarations, which stand where the numbers are counted
(`farshorectl metrics reference`, `farshorectl metrics names`).
)";
  std::string_view section;
  for (const MetricsOf& some : all) {
    if (some.section != section) {
      out += fmt::format("\n## {}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", some.section);
    }
    section = some.section;
    for (const Metric& metric : some.list.metrics()) {
      out += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, type_name(metric.type),
                         label_names(some.list, metric), metric.help);
    }
  }
  return out;
}

std::string metric_names(std::span<const MetricsOf> all) {
  std::vector<std::string> lines;
  for (const MetricsOf& some : all) {
    for (const Metric& metric : some.list.metrics()) {
      lines.push_back(fmt::format("{} {} {}\n", metric.name, type_name(metric.type), some.services));
    }
  }
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace farshore::service
