#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/gate_answer.hpp"
#include "services/ctl/table.hpp"
#include "services/http/http_client.hpp"
#include "store/pending.hpp"
#include "store/progress_store.hpp"

// farshorectl status: the region's services and partitions, as they say themselves and as the database has them, and
// whether the region may take over: by the gate's own rule, which only the gate can judge.
namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;
using store::PartitionState;
using store::ProgressRow;

constexpr std::chrono::seconds kServiceTimeout{2};

struct StatusOptions {
  Output output = Output::kTable;
  bool watch = false;
};

struct ServiceStatus {
  std::string name;
  std::string address;
  bool answers = false;
  bool ready = false;
  std::string reason;
};

/// A stream of which some partitions have no progress here, or only the row that the epoch's start made: nothing of
/// them ever arrived.
struct Absence {
  std::string origin;
  std::string stream;
  std::size_t present = 0;
  std::size_t wanted = 0;
};

/// Nothing: this region applies no origin, so there is nothing to take over.
using GateWord = std::optional<std::expected<GateAnswer, NoGateAnswer>>;

struct Status {
  std::string region;
  GateWord gate;
  std::vector<ServiceStatus> services;
  std::vector<ProgressRow> partitions;
  std::vector<Absence> absent;
  std::vector<store::PendingCount> pending;

  [[nodiscard]] bool good() const {
    return (!gate || (*gate && (*gate)->is_open())) && absent.empty() &&
           std::ranges::all_of(services, &ServiceStatus::ready) &&
           std::ranges::all_of(partitions, [](const auto& row) { return row.state == PartitionState::kApplying; }) &&
           std::ranges::all_of(pending, [](const auto& count) { return count.parked + count.conflicts == 0; });
  }
};

/// What the components that are not ready say.
std::string reason_of(const Json& readiness) {
  std::string out;
  for (const auto& [name, component] : readiness["components"].items()) {
    const std::string reason = component.value("reason", "");
    if (component.value("ready", false) && reason.empty()) continue;
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", name, reason);
  }
  return out;
}

ServiceStatus ask_service(const std::string& name, const service::Address& address) {
  ServiceStatus status{.name = name, .address = address.to_string(), .answers = false, .ready = false, .reason = ""};
  const auto answer = service::http_get(address, "/readyz", kServiceTimeout);
  if (!answer) {
    status.reason = "does not answer (" + answer.error() + ")";
    return status;
  }
  status.answers = true;
  status.ready = answer->status == 200;
  const Json readiness = Json::parse(answer->body, nullptr, false);
  if (!readiness.is_discarded() && readiness.contains("components")) status.reason = reason_of(readiness);
  return status;
}

std::vector<Absence> absent_partitions(const service::Config& config, const std::vector<ProgressRow>& rows) {
  std::vector<Absence> absent;
  for (const std::string& origin : config.apply.origins) {
    for (const auto& [stream, settings] : config.streams) {
      const auto present = static_cast<std::size_t>(std::ranges::count_if(rows, [&](const ProgressRow& row) {
        return row.key.origin == origin && row.key.stream == stream && row.epoch.epoch != Epoch(0);
      }));
      const auto wanted = static_cast<std::size_t>(settings.partitions);
      if (present < wanted) absent.push_back({origin, stream, present, wanted});
    }
  }
  return absent;
}

Status read_status(const service::Config& config) {
  Status status{.region = config.region, .gate = {}, .services = {}, .partitions = {}, .absent = {}, .pending = {}};
  if (!config.own_origins().empty()) status.services.push_back(ask_service("capture", config.http.capture));
  if (!config.apply.origins.empty()) {
    status.services.push_back(ask_service("apply", config.http.apply));
    status.services.push_back(ask_service("gate", config.http.gate));
    status.gate = ask_gate(config, "");
  }
  mysql::Connection connection = open_database(config);
  auto rows = store::ProgressStore(connection, config.region).load();
  if (!rows) fail_database(config, rows.error());
  auto pending = store::count_pending(connection, config.region);
  if (!pending) fail_database(config, pending.error());
  status.absent = absent_partitions(config, *rows);
  status.partitions = std::move(*rows);
  status.pending = std::move(*pending);
  return status;
}

/// By this machine's clock.
std::optional<double> age_seconds(SourceTime safe_time) {
  if (safe_time == SourceTime{}) return std::nullopt;
  return std::chrono::duration<double>(local_now() - safe_time).count();
}

/// null, or the gate's own answer, or {"verdict": "unknown", "error": "..."}.
Json gate_json(const GateWord& gate) {
  if (!gate) return nullptr;
  if (!*gate) return {{"verdict", "unknown"}, {"error", gate->error().sentence}};
  return Json::parse((*gate)->text);
}

std::string gate_text(const GateWord& gate) {
  if (!gate) return {};
  if (!*gate) return fmt::format("gate: unknown, so not good: {}\n", gate->error().sentence);
  std::string out = fmt::format("gate: {}\n", (*gate)->parsed.value("verdict", ""));
  for (const nlohmann::json& stream : (*gate)->parsed["streams"]) {
    if (stream["reasons"].empty()) continue;
    out += fmt::format("gate of {}/{}: {}\n", stream.value("origin", ""), stream.value("stream", ""),
                       reasons_text(stream["reasons"]));
  }
  return out;
}

std::string status_json(const Status& status) {
  Json services = Json::array();
  for (const ServiceStatus& service : status.services) {
    services.push_back({{"service", service.name},
                        {"address", service.address},
                        {"answers", service.answers},
                        {"ready", service.ready},
                        {"reason", service.reason}});
  }
  Json partitions = Json::array();
  for (const ProgressRow& row : status.partitions) {
    const auto age = age_seconds(row.safe_time);
    partitions.push_back({{"origin", row.key.origin},
                          {"stream", row.key.stream},
                          {"partition", row.key.partition.raw()},
                          {"epoch", row.epoch.epoch.raw()},
                          {"incarnation", row.epoch.incarnation.raw()},
                          {"seq", row.seq.raw()},
                          {"origin_position", row.origin_position},
                          {"safe_time_us", row.safe_time.time_since_epoch().count()},
                          {"safe_time_age_seconds", age ? Json(*age) : Json(nullptr)},
                          {"state", store::to_string(row.state)},
                          {"reason", row.reason},
                          {"owner", row.owner}});
  }
  Json pending = Json::array();
  for (const auto& count : status.pending) {
    pending.push_back(
        {{"origin", count.origin}, {"stream", count.stream}, {"parked", count.parked}, {"conflicts", count.conflicts}});
  }
  Json absent = Json::array();
  for (const Absence& absence : status.absent) {
    absent.push_back({{"origin", absence.origin},
                      {"stream", absence.stream},
                      {"present", absence.present},
                      {"wanted", absence.wanted}});
  }
  const Json out{{"region", status.region},
                 {"good", status.good()},
                 {"gate", gate_json(status.gate)},
                 {"services", std::move(services)},
                 {"partitions", std::move(partitions)},
                 {"absent", std::move(absent)},
                 {"pending", std::move(pending)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string status_table(const Status& status) {
  Table services({"service", "address", "ready", "reason"});
  for (const ServiceStatus& service : status.services) {
    services.add({service.name, service.address, service.ready ? "yes" : "no", service.reason});
  }
  Table partitions({"origin", "stream", "partition", "epoch", "seq", "safe time", "state", "owner", "reason"});
  for (const ProgressRow& row : status.partitions) {
    const auto age = age_seconds(row.safe_time);
    partitions.add({row.key.origin, row.key.stream, std::to_string(row.key.partition.raw()),
                    std::to_string(row.epoch.epoch.raw()), std::to_string(row.seq.raw()),
                    age ? fmt::format("{:.1f} s ago", *age) : "none", std::string(store::to_string(row.state)),
                    row.owner, row.reason});
  }
  std::string out = fmt::format("region {}: {}\n\n{}\n{}", status.region, status.good() ? "good" : "not good",
                                services.text(), partitions.text());
  out += gate_text(status.gate);
  for (const Absence& absence : status.absent) {
    out += fmt::format("{}/{}: {} of {} partitions have progress; nothing of the others has arrived\n", absence.origin,
                       absence.stream, absence.present, absence.wanted);
  }
  for (const auto& count : status.pending) {
    if (count.parked + count.conflicts == 0) continue;
    out += fmt::format("{}/{}: {} parked, {} conflicts\n", count.origin, count.stream, count.parked, count.conflicts);
  }
  return out;
}

int show_status(const service::Config& config, Output output) {
  const Status status = read_status(config);
  fmt::print("{}", output == Output::kJson ? status_json(status) : status_table(status));
  std::fflush(stdout);
  return static_cast<int>(status.good() ? ExitCode::kGood : ExitCode::kNotReady);
}

}  // namespace

void add_status(CLI::App& app, Command& command) {
  CLI::App* status =
      app.add_subcommand("status", "Services, partitions and gate of the region. Exit code 3: not all is well");
  const auto options = std::make_shared<StatusOptions>();
  add_output_option(*status, options->output);
  status->add_flag("--watch", options->watch, "Look again every second");
  status->callback([&command, options] {
    command.chosen = [&command, options] {
      const service::Config config = command.load();
      if (!options->watch) return show_status(config, options->output);
      return watch([&] { return show_status(config, options->output); });
    };
  });
}

}  // namespace farshore::ctl
