#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "services/config/config.hpp"
#include "services/telemetry/metric_reference.hpp"

namespace CLI {
class App;
}

/// `farshorectl`: one file a subcommand. Each add_...() declares the subcommand's options and, when the command line
/// chose it, leaves in `chosen` what is to be run; that returns the exit code and may throw EnvironmentError.
namespace farshore::ctl {

enum class Output : std::uint8_t { kTable, kJson };

struct Command {
  std::string config_file;  ///< --config
  std::function<int()> chosen;

  /// Throws EnvironmentError when --config is missing or the file is refused.
  [[nodiscard]] service::Config load() const;
};

void add_init(CLI::App& app, Command& command);
void add_status(CLI::App& app, Command& command);
void add_gate(CLI::App& app, Command& command);
void add_decode(CLI::App& app, Command& command);
void add_preflight(CLI::App& app, Command& command);
void add_parked(CLI::App& app, Command& command);
void add_conflicts(CLI::App& app, Command& command);
void add_mismatches(CLI::App& app, Command& command);
void add_mirror_config(CLI::App& app, Command& command);
void add_refill(CLI::App& app, Command& command);
void add_equal(CLI::App& app, Command& command);
void add_ddl(CLI::App& app, Command& command);
void add_compare(CLI::App& app, Command& command);
void add_origin(CLI::App& app, Command& command);
/// Hidden: writes the generated pages. `metrics`: every list of them.
void add_reference(CLI::App& app, Command& command, std::span<const service::MetricsOf> metrics);

/// Shows again every second until Ctrl-C, or until nobody reads. What cannot be shown is said and tried again.
int watch(const std::function<int()>& show);

/// --output table|json
void add_output_option(CLI::App& app, Output& output);

}  // namespace farshore::ctl
