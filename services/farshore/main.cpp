#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/environment_error.hpp"
#include "base/fail_point.hpp"
#include "services/apply/apply_service.hpp"
#include "services/capture/capture_service.hpp"
#include "services/capture/capture_settings.hpp"
#include "services/config/config.hpp"
#include "services/config/config_units.hpp"
#include "services/config/endpoints.hpp"
#include "services/gate/gate_service.hpp"
#include "services/process/arguments.hpp"
#include "services/process/library_settings.hpp"
#include "services/process/service.hpp"
#include "services/telemetry/version.hpp"

// `farshore capture|apply|gate --config FILE`: reads the command line and hands over to the service.
namespace {

using namespace farshore;
using service::Config;
using service::ServiceContext;
using service::ServiceKind;

struct CommonOptions {
  std::string config;
  std::string listen;
  bool check_config = false;
};

CLI::App* add_service(CLI::App& app, const std::string& name, const std::string& help, CommonOptions& options) {
  CLI::App* service = app.add_subcommand(name, help);
  service->add_option("--config", options.config, "The region's YAML file")->required();
  service->add_option("--listen", options.listen, "host:port of /metrics, /healthz and /readyz, instead of the file's");
  service->add_flag("--check-config", options.check_config, "Check the file for this service, and do no more");
  return service;
}

std::string default_instance() {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  return fmt::format("{}/{}", host, getpid());
}

service::Address listen_address(const CommonOptions& options, const service::Address& configured) {
  if (options.listen.empty()) return configured;
  const auto address = service::parse_address(options.listen);
  if (!address) {
    throw EnvironmentError(fmt::format("--listen is \"{}\"; wanted host:port.", options.listen), ExitCode::kUsage);
  }
  return *address;
}

// Each fails where the service would: its arguments, its secrets, its table rules.

void check(const Config& config, service::CaptureArguments arguments) {
  if (arguments.origin) {
    (void)capture::capture_settings(config, arguments);
    return;
  }
  for (const service::OriginConfig* origin : config.own_origins()) {
    arguments.origin = origin->name;
    (void)capture::capture_settings(config, arguments);
  }
}

void check(const Config& config, const service::ApplyArguments&) {
  (void)service::read_password(config.database.accounts.apply);
  (void)service::table_rules(config);
}

void check(const Config& config, const service::GateArguments&) {
  (void)service::read_password(config.database.accounts.gate);
}

template <typename Arguments>
int start(ServiceKind kind, const std::string& name, const CommonOptions& options, const Arguments& arguments,
          service::Address service::HttpConfig::* listen,
          int (*run)(const Config&, const Arguments&, ServiceContext&)) {
  const Config config = service::load_config(options.config);
  service::check_config_for(config, kind);
  const service::Address address = listen_address(options, config.http.*listen);
  if (options.check_config) {
    check(config, arguments);
    fmt::print("{}: good for {} in region {}\n", options.config, name, config.region);
    return static_cast<int>(ExitCode::kGood);
  }
  const service::ServiceSettings settings{.name = name,
                                          .listen = address,
                                          .listen_setting = options.listen.empty() ? "http." + name : "--listen",
                                          .log = config.log};
  return service::run_service(settings, [&](ServiceContext& context) { return run(config, arguments, context); });
}

int dispatch(int argc, char** argv) {
  CLI::App app{"Farshore carries committed MySQL and MariaDB changes between regions."};
  app.set_version_flag("--version", std::string("farshore ").append(service::kVersion));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 stopped as asked, 1 error, 2 usage, 5 what is needed at the start cannot be reached. "
      "Run each service under something that starts it again.");
  CommonOptions options;
  service::CaptureArguments capture_arguments;
  service::ApplyArguments apply_arguments{.instance = default_instance()};

  CLI::App* capture = add_service(app, "capture", "Publish the changes of an origin of this region", options);
  capture->add_option("--origin", capture_arguments.origin, "Which origin, when the region has several");
  capture->add_option("--from", capture_arguments.from, "First start only: end, earliest, or a GTID position");
  capture->add_flag("--rebuild-checkpoint", capture_arguments.rebuild_checkpoint,
                    "The checkpoint is lost: begin a new epoch that continues what the topics hold");
  CLI::App* apply = add_service(app, "apply", "Apply other origins' changes to this region's database", options);
  apply->add_option("--instance", apply_arguments.instance, "Name of this process among several");
  CLI::App* gate = add_service(app, "gate", "Answer whether this region may take over", options);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  using Http = service::HttpConfig;
  if (capture->parsed()) {
    return start(ServiceKind::kCapture, "capture", options, capture_arguments, &Http::capture, capture::run_capture);
  }
  if (apply->parsed()) {
    return start(ServiceKind::kApply, "apply", options, apply_arguments, &Http::apply, apply::run_apply);
  }
  if (gate->parsed()) {
    return start(ServiceKind::kGate, "gate", options, service::GateArguments{}, &Http::gate, gate::run_gate);
  }
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int main(int argc, char** argv) {
  // A heap for every few threads, not one for each: what one thread has freed another can use.
  mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
  try {
    if (const char* const points = std::getenv("FARSHORE_FAIL_POINTS")) {  // NOLINT(concurrency-mt-unsafe)
#ifdef FARSHORE_FAIL_POINTS
      farshore::arm_fail_points(points);
#else
      throw farshore::EnvironmentError(fmt::format(
          "FARSHORE_FAIL_POINTS is {}, and this build has no fail points: unset it, or take one of the asan preset",
          points));
#endif
    }
    return dispatch(argc, argv);
  } catch (const farshore::EnvironmentError& error) {
    fmt::print(stderr, "farshore: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "farshore: unexpected failure: {}\n", error.what());
    return static_cast<int>(farshore::ExitCode::kError);
  }
}
