#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/environment_error.hpp"
#include "services/config/config_fields.hpp"
#include "services/ctl/command.hpp"
#include "services/telemetry/metric_reference.hpp"

namespace farshore::ctl {
namespace {

void add_page(CLI::App& parent, Command& command, const std::string& name, std::string (*page)()) {
  parent.add_subcommand(name, "")->callback([&command, page] {
    command.chosen = [page] {
      fmt::print("{}", page());
      return static_cast<int>(ExitCode::kGood);
    };
  });
}

CLI::App& add_hidden(CLI::App& app, const std::string& name) {
  CLI::App* group = app.add_subcommand(name, "");
  group->group("")->require_subcommand(1);
  return *group;
}

}  // namespace

void add_reference(CLI::App& app, Command& command) {
  CLI::App& config = add_hidden(app, "config");
  add_page(config, command, "reference", service::config_reference);
  add_page(config, command, "schema", service::config_schema);
  CLI::App& metrics = add_hidden(app, "metrics");
  add_page(metrics, command, "reference", service::metric_reference);
  add_page(metrics, command, "names", service::metric_golden);
}

}  // namespace farshore::ctl
