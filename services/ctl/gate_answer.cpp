#include "services/ctl/gate_answer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <vector>

#include "services/http/http_client.hpp"

namespace farshore::ctl {
namespace {

constexpr std::chrono::seconds kGateTimeout{3};

}  // namespace

std::expected<GateAnswer, NoGateAnswer> ask_gate(const service::Config& config, const std::string& origin) {
  const std::string address = config.http.gate.to_string();
  const auto answer =
      service::http_get(config.http.gate, origin.empty() ? "/v1/gate" : "/v1/gate?origin=" + origin, kGateTimeout);
  if (!answer) {
    return std::unexpected(
        NoGateAnswer{fmt::format("http.gate ({}): the gate does not answer ({}); start it with farshore gate.", address,
                                 answer.error()),
                     true});
  }
  GateAnswer gate{.text = answer->body, .parsed = nlohmann::json::parse(answer->body, nullptr, false)};
  if (answer->status == 404 && gate.parsed.is_object() && gate.parsed.contains("error") && !origin.empty()) {
    return std::unexpected(NoGateAnswer{
        fmt::format("http.gate ({}): {} If this file has changed since the gate was started, start it again.", address,
                    gate.parsed.value("error", "")),
        false});
  }
  const bool is_gate = gate.parsed.is_object() && gate.parsed.contains("verdict") && gate.parsed.contains("streams");
  if (is_gate) return gate;
  return std::unexpected(
      NoGateAnswer{fmt::format("http.gate ({}): what answers there is not a gate (status {}); correct the address.",
                               address, answer->status),
                   false});
}

std::string reasons_text(const nlohmann::json& reasons) {
  std::string out;
  for (const nlohmann::json& reason : reasons) {
    if (!out.empty()) out += "; ";
    out += reason.value("reason", "");
    if (reason.contains("partitions")) {
      out += fmt::format(" [{}]", fmt::join(reason["partitions"].get<std::vector<int>>(), ","));
    }
    out += ": " + reason.value("detail", "");
  }
  return out;
}

}  // namespace farshore::ctl
