#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/farshore/every_metric.hpp"
#include "services/telemetry/version.hpp"

// `farshorectl COMMAND`: reads the command line and hands over to the subcommand's file in services/ctl.
namespace {

using namespace farshore;

int dispatch(int argc, char** argv) {
  CLI::App app{"Looks after Farshore in one region."};
  app.set_version_flag("--version", std::string("farshorectl ").append(service::kVersion));
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Exit codes: 0 good, 1 error, 2 usage, 3 not ready or closed, 4 differences or things to mend, "
      "5 unreachable.");
  ctl::Command command;
  app.add_option("--config", command.config_file, "The region's YAML file")->envname("FARSHORE_CONFIG");
  ctl::add_init(app, command);
  ctl::add_status(app, command);
  ctl::add_gate(app, command);
  ctl::add_decode(app, command);
  ctl::add_preflight(app, command);
  ctl::add_parked(app, command);
  ctl::add_mismatches(app, command);
  ctl::add_conflicts(app, command);
  ctl::add_mirror_config(app, command);
  ctl::add_refill(app, command);
  ctl::add_equal(app, command);
  ctl::add_compare(app, command);
  ctl::add_ddl(app, command);
  ctl::add_origin(app, command);
  ctl::add_reference(app, command, every_metric());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  return command.chosen ? command.chosen() : static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const farshore::EnvironmentError& error) {
    fmt::print(stderr, "farshorectl: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "farshorectl: unexpected failure: {}\n", error.what());
    return static_cast<int>(farshore::ExitCode::kError);
  }
}
