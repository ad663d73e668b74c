#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/environment_error.hpp"
#include "services/config/config_fields.hpp"
#include "services/ctl/command.hpp"
#include "services/telemetry/metric_reference.hpp"

namespace farshore::ctl {
namespace {

void add_page(CLI::App& parent, Command& command, const std::string& name, std::function<std::string()> page) {
  parent.add_subcommand(name, "")->callback([&command, page = std::move(page)] {
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

void add_reference(CLI::App& app, Command& command, std::span<const service::MetricsOf> metrics) {
  CLI::App& config = add_hidden(app, "config");
  add_page(config, command, "reference", service::config_reference);
  add_page(config, command, "schema", service::config_schema);
  CLI::App& pages = add_hidden(app, "metrics");
  add_page(pages, command, "reference", [metrics] { return service::metric_reference(metrics); });
  add_page(pages, command, "names", [metrics] { return service::metric_names(metrics); });
}

}  // namespace farshore::ctl
