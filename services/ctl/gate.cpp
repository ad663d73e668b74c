#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/gate_answer.hpp"
#include "services/ctl/table.hpp"

// farshorectl gate: what the region's gate answers, for people.
namespace farshore::ctl {
namespace {

struct GateOptions {
  Output output = Output::kTable;
  bool watch = false;
  std::string origin;  ///< empty: all
};

GateAnswer answer_of(const service::Config& config, const std::string& origin) {
  const auto& applied = config.apply.origins;
  if (!origin.empty() && std::ranges::count(applied, origin) == 0) {
    throw EnvironmentError(fmt::format("--origin {}: apply.origins of {} has {}; name one of them.", origin,
                                       config.file.string(),
                                       applied.empty() ? "none" : fmt::to_string(fmt::join(applied, ", "))));
  }
  auto gate = ask_gate(config, origin);
  if (gate) return std::move(*gate);
  throw EnvironmentError(gate.error().sentence, gate.error().is_away ? ExitCode::kUnreachable : ExitCode::kError);
}

std::string seconds_text(const nlohmann::json& number) {
  return number.is_number() ? fmt::format("{:.1f} s", number.get<double>()) : "none";
}

std::string gate_table(const nlohmann::json& gate) {
  Table table({"origin", "stream", "verdict", "safe time", "age", "parked", "conflicts", "reasons"});
  for (const nlohmann::json& stream : gate["streams"]) {
    table.add({stream.value("origin", ""), stream.value("stream", ""), stream.value("verdict", ""),
               stream["safe_time"].is_string() ? stream["safe_time"].get<std::string>() : "-",
               seconds_text(stream["age_seconds"]), stream["parked"].dump(), stream["conflicts"].dump(),
               reasons_text(stream["reasons"])});
  }
  const bool is_of_one = gate.contains("origin") && gate["origin"].is_string();
  return fmt::format("gate of {}{}: {} at {} (age of the evidence: {})\n{}", gate.value("region", ""),
                     is_of_one ? " for " + gate["origin"].get<std::string>() : "", gate.value("verdict", ""),
                     gate.value("time", ""), seconds_text(gate["evidence_age_seconds"]), table.text());
}

int show_gate(const service::Config& config, const GateOptions& options) {
  const GateAnswer gate = answer_of(config, options.origin);
  fmt::print("{}\n", options.output == Output::kJson ? gate.text : gate_table(gate.parsed));
  std::fflush(stdout);
  return static_cast<int>(gate.is_open() ? ExitCode::kGood : ExitCode::kNotReady);
}

}  // namespace

void add_gate(CLI::App& app, Command& command) {
  CLI::App* gate = app.add_subcommand("gate", "May this region take over now? Exit code 0: open, 3: closed");
  const auto options = std::make_shared<GateOptions>();
  add_output_option(*gate, options->output);
  gate->add_flag("--watch", options->watch, "Ask again every second");
  gate->add_option("--origin", options->origin, "Only this origin's verdict. Default: of all that are applied here");
  gate->callback([&command, options] {
    command.chosen = [&command, options] {
      const service::Config config = command.load();
      if (!options->watch) return show_gate(config, *options);
      return watch([&] { return show_gate(config, *options); });
    };
  });
}

}  // namespace farshore::ctl
