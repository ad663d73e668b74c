#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "common/http_client.hpp"
#include "ctl/command.hpp"
#include "ctl/table.hpp"

// farshorectl gate: what the region's gate answers, for people.
namespace farshore::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kTimeout{3};

struct GateOptions {
  Output output = Output::kTable;
  bool watch = false;
};

struct Answer {
  std::string text;
  json parsed;
};

Answer ask_gate(const common::Config& config) {
  const auto answer = common::http_get(config.http.gate, "/v1/gate", kTimeout);
  if (!answer) {
    throw EnvironmentError(fmt::format("http.gate ({}): the gate does not answer ({}); start it with farshore gate.",
                                       config.http.gate.to_string(), answer.error()),
                           ExitCode::kUnreachable);
  }
  Answer gate{.text = answer->body, .parsed = json::parse(answer->body, nullptr, false)};
  if (gate.parsed.is_discarded() || !gate.parsed.contains("verdict")) {
    throw EnvironmentError(
        fmt::format("http.gate ({}): what answers there is not a gate (status {}); correct the "
                    "address.",
                    config.http.gate.to_string(), answer->status));
  }
  return gate;
}

std::string seconds_text(const json& number) {
  return number.is_number() ? fmt::format("{:.1f} s", number.get<double>()) : "none";
}

std::string reasons_text(const json& reasons) {
  std::string out;
  for (const json& reason : reasons) {
    if (!out.empty()) out += "; ";
    out += reason.value("reason", "");
    if (reason.contains("partitions")) {
      out += fmt::format(" [{}]", fmt::join(reason["partitions"].get<std::vector<int>>(), ","));
    }
    out += ": " + reason.value("detail", "");
  }
  return out;
}

std::string gate_table(const json& gate) {
  Table table({"origin", "stream", "verdict", "safe time", "age", "parked", "conflicts", "reasons"});
  for (const json& stream : gate["streams"]) {
    table.add({stream.value("origin", ""), stream.value("stream", ""), stream.value("verdict", ""),
               stream["safe_time"].is_string() ? stream["safe_time"].get<std::string>() : "-",
               seconds_text(stream["age_seconds"]), stream["parked"].dump(), stream["conflicts"].dump(),
               reasons_text(stream["reasons"])});
  }
  return fmt::format("gate of {}: {} at {} (age of the evidence: {})\n{}", gate.value("region", ""),
                     gate.value("verdict", ""), gate.value("time", ""), seconds_text(gate["evidence_age_seconds"]),
                     table.text());
}

int show_gate(const common::Config& config, Output output) {
  const Answer gate = ask_gate(config);
  fmt::print("{}\n", output == Output::kJson ? gate.text : gate_table(gate.parsed));
  std::fflush(stdout);
  return static_cast<int>(gate.parsed["verdict"] == "open" ? ExitCode::kGood : ExitCode::kNotReady);
}

}  // namespace

void add_gate(CLI::App& app, Command& command) {
  CLI::App* gate = app.add_subcommand("gate", "May this region take over now? Exit code 0: open, 3: closed");
  const auto options = std::make_shared<GateOptions>();
  add_output_option(*gate, options->output);
  gate->add_flag("--watch", options->watch, "Ask again every second");
  gate->callback([&command, options] {
    command.chosen = [&command, options] {
      const common::Config config = command.load();
      if (!options->watch) return show_gate(config, options->output);
      return watch([&] { return show_gate(config, options->output); });
    };
  });
}

}  // namespace farshore::ctl
