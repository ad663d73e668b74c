#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "services/gate/gate_state.hpp"

namespace farshore::gate {
namespace {

using Json = nlohmann::ordered_json;

double seconds(std::chrono::microseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// "2026-01-31T12:00:00.123456Z"
std::string time_text(std::chrono::sys_time<std::chrono::microseconds> time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (time - whole).count());
}

Json reason_json(const ClosedBy& closed) {
  Json out{{"reason", to_string(closed.reason)}};
  if (!closed.partitions.empty()) out["partitions"] = closed.partitions;
  out["detail"] = closed.detail;
  return out;
}

Json stream_json(const StreamVerdict& verdict) {
  Json reasons = Json::array();
  for (const ClosedBy& closed : verdict.reasons) reasons.push_back(reason_json(closed));
  return {{"origin", verdict.origin},
          {"stream", verdict.stream},
          {"verdict", verdict.open ? "open" : "closed"},
          {"safe_time", verdict.safe_time ? Json(time_text(*verdict.safe_time)) : Json(nullptr)},
          {"age_seconds", verdict.age ? Json(seconds(*verdict.age)) : Json(nullptr)},
          {"unchanged_seconds", verdict.unchanged ? Json(seconds(*verdict.unchanged)) : Json(nullptr)},
          {"comparison_age_seconds", verdict.comparison_age ? Json(seconds(*verdict.comparison_age)) : Json(nullptr)},
          {"partitions", verdict.partitions},
          {"parked", verdict.parked},
          {"conflicts", verdict.conflicts},
          {"reasons", std::move(reasons)}};
}

}  // namespace

std::string gate_json(const Assessment& assessment, const std::string& region, const Bounds& bounds,
                      std::string_view origin) {
  Json streams = Json::array();
  for (const StreamVerdict& verdict : assessment.streams) streams.push_back(stream_json(verdict));
  const Json out{
      {"region", region},
      {"origin", origin.empty() ? Json(nullptr) : Json(origin)},
      {"verdict", assessment.open ? "open" : "closed"},
      {"time", time_text(assessment.at)},
      {"evidence_age_seconds", assessment.evidence_age ? Json(seconds(*assessment.evidence_age)) : Json(nullptr)},
      {"bounds",
       {{"max_age_seconds", seconds(bounds.age_max)},
        {"max_evidence_age_seconds", seconds(bounds.evidence_age_max)},
        {"max_clock_skew_seconds", seconds(bounds.clock_skew_max)},
        {"max_comparison_age_seconds", bounds.comparison_age_max > bounds.comparison_age_max.zero()
                                           ? Json(seconds(bounds.comparison_age_max))
                                           : Json(nullptr)}}},
      {"streams", std::move(streams)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace farshore::gate
