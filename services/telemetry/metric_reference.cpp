#include "services/telemetry/metric_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "services/telemetry/metric_names.hpp"

namespace farshore::service {
namespace {

constexpr std::array<std::pair<MetricServices, std::string_view>, 3> kServices{
    {{kByCapture, "capture"}, {kByApply, "apply"}, {kByGate, "gate"}}};

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "";
}

std::string label_list(const MetricDeclaration& declaration) {
  std::vector<std::string> names;
  for (const std::string_view label : declaration.labels) {
    if (!label.empty()) names.push_back(fmt::format("`{}`", label));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string table_of(std::string_view title, std::uint8_t services) {
  std::string out = fmt::format("\n## {}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", title);
  for (const MetricDeclaration* metric : every_metric()) {
    if (metric->services != services) continue;
    out += fmt::format("| `{}` | {} | {} | {} |\n", metric->name, type_name(metric->type), label_list(*metric),
                       metric->help);
  }
  return out;
}

}  // namespace

std::string metric_reference() {
  std::string out = R"(# Metrics

Every service serves `/metrics` in Prometheus' text format. Names follow one grammar: `farshore_<what>_<unit>[_total]`, in base
units (seconds, bytes, rows); an answer of 0 or 1 (`open`, `active`, `stopped`, `ready`) has no unit. Timestamps are seconds since
1970 UTC; a commit's is by its source's clock. A series appears when its origin and stream do.

This page and `tests/golden/metrics.txt` are generated from the declaration in `services/telemetry/metric_names.hpp`
(`farshorectl metrics reference`, `farshorectl metrics names`).
)";
  out += table_of("Every service", kByEveryService);
  out += table_of("capture", kByCapture);
  out += table_of("apply", kByApply);
  out += table_of("gate", kByGate);
  return out;
}

std::string metric_golden() {
  std::vector<std::string> lines;
  for (const MetricDeclaration* metric : every_metric()) {
    std::vector<std::string_view> names;
    for (const auto& [service, name] : kServices) {
      if ((metric->services & service) != 0) names.push_back(name);
    }
    lines.push_back(fmt::format("{} {} {}\n", metric->name, type_name(metric->type), fmt::join(names, ",")));
  }
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace farshore::service
