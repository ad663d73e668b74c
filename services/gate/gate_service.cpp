#include "services/gate/gate_service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "base/pause.hpp"
#include "services/config/endpoints.hpp"
#include "services/gate/evidence_reader.hpp"
#include "services/gate/gate_metrics.hpp"
#include "services/gate/gate_state.hpp"
#include "services/http/http_server.hpp"
#include "services/process/database_error.hpp"
#include "services/telemetry/fault_log.hpp"
#include "services/telemetry/health.hpp"
#include "services/telemetry/log.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::gate {
namespace {

constexpr const char* kDatabase = "database";
constexpr const char* kPollLoop = "poll";
constexpr std::chrono::seconds kPollSilenceMax{30};

Expectation expectation_of(const service::Config& config) {
  Expectation expected{.origins = config.apply.origins, .partitions_of_stream = {}};
  for (const auto& [name, stream] : config.streams) {
    expected.partitions_of_stream[name] = static_cast<std::uint32_t>(stream.partitions);
  }
  return expected;
}

Bounds bounds_of(const service::GateBounds& bounds) {
  return {.age_max = bounds.max_age,
          .evidence_age_max = bounds.max_evidence_age,
          .clock_skew_max = bounds.max_clock_skew,
          .comparison_age_max = bounds.max_comparison_age};
}

service::HttpResponse answer_of(const Assessment& assessment, const GateState& state, const std::string& region,
                                std::string_view origin) {
  return {.status = assessment.open ? 200 : 503, .body = gate_json(assessment, region, state.bounds(), origin)};
}

service::HttpResponse unknown_origin(const GateState& state, const std::string& asked) {
  const nlohmann::json body{
      {"error",
       fmt::format("the origin \"{}\" is not applied here; apply.origins has {}. Ask for one of them, or for all "
                   "by leaving ?origin= out.",
                   asked, fmt::join(state.origins(), ", "))}};
  return {.status = 404, .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

/// The handler shares the state: it may still run when run_gate() has returned.
void serve_gate(service::HttpServer& http, std::shared_ptr<const GateState> state, const std::string& region) {
  http.get("/v1/gate", [state = std::move(state), region](const service::HttpRequest& request) {
    const auto asked = request.query.find("origin");
    if (asked == request.query.end()) return answer_of(state->assess(instant_now()), *state, region, {});
    if (std::ranges::count(state->origins(), asked->second) == 0) return unknown_origin(*state, asked->second);
    return answer_of(state->assess(instant_now()).of_origin(asked->second), *state, region, asked->second);
  });
}

/// Says in the log when a stream's gate opens, closes, or is closed for other reasons than before.
class VerdictLog {
 public:
  void note(const std::vector<StreamVerdict>& verdicts) {
    for (const StreamVerdict& verdict : verdicts) {
      std::string reasons;
      std::string details;
      for (const ClosedBy& closed : verdict.reasons) {
        reasons.append(reasons.empty() ? "" : ", ").append(to_string(closed.reason));
        details.append(details.empty() ? "" : "; ").append(closed.detail);
      }
      std::string& known = known_.try_emplace({verdict.origin, verdict.stream}, "none").first->second;
      if (known == reasons) continue;
      known = reasons;
      service::log_info(
          verdict.open ? "gate open" : "gate closed",
          {{"origin", verdict.origin}, {"stream", verdict.stream}, {"reasons", reasons}, {"detail", details}});
    }
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> known_;
};

/// What does not go away by waiting refuses the start; later the same only closes the gate.
void refuse_start(const DatabaseEndpoint& endpoint, const mysql::SqlError& error) {
  if (error.kind == mysql::SqlErrorKind::kAccessDenied || error.kind == mysql::SqlErrorKind::kTls) {
    throw service::database_error("database", endpoint, error);
  }
}

}  // namespace

int run_gate(const service::Config& config, const service::GateArguments&, service::ServiceContext& context) {
  const DatabaseEndpoint endpoint = service::database_endpoint(config.database, config.database.accounts.gate);
  const auto state = std::make_shared<GateState>(expectation_of(config), bounds_of(config.gate.bounds));
  Counts counts;
  GateMetrics gauges(context.metrics, counts);
  const auto shown = context.metrics.show({{counts.metrics}}, [&] { gauges.set(state->assess(instant_now())); });
  EvidenceReader reader(endpoint, config.region, counts.reconnects);
  VerdictLog verdict_log;
  service::FaultLog fault_log("the progress table is read again");
  serve_gate(context.http, state, config.region);
  context.health.expect_beat(kPollLoop, kPollSilenceMax);

  bool first = true;
  while (!context.stop.stop_requested()) {
    const Instant began = instant_now();
    state->look(began);
    auto evidence = reader.read();
    if (evidence) {
      state->learn(std::move(*evidence), began);
      context.health.ready(kDatabase, true);
      fault_log.note("");
      counts.polls.add(Reading::kGood);
    } else {
      if (first) refuse_start(endpoint, evidence.error());
      const std::string fault = service::database_error("database", endpoint, evidence.error()).what();
      context.health.ready(kDatabase, false, fault);
      fault_log.note(fault);
      counts.polls.add(Reading::kFailed);
    }
    first = false;
    verdict_log.note(state->assess(instant_now()).streams);
    context.health.beat(kPollLoop);
    pause_for(config.gate.poll_interval, context.stop);
  }
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::gate
