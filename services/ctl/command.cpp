#include "ctl/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <thread>

#include "base/environment_error.hpp"

namespace farshore::ctl {

common::Config Command::load() const {
  if (config_file.empty()) {
    throw EnvironmentError("This command needs the region's YAML file: give --config FILE, or set FARSHORE_CONFIG.",
                           ExitCode::kUsage);
  }
  return common::load_config(config_file);
}

void add_output_option(CLI::App& app, Output& output) {
  static const std::map<std::string, Output> kOutputs{{"table", Output::kTable}, {"json", Output::kJson}};
  app.add_option("--output", output, "table (default) or json")->transform(CLI::CheckedTransformer(kOutputs));
}

int watch(const std::function<int()>& show) {
  while (std::ferror(stdout) == 0) {
    try {
      show();
    } catch (const EnvironmentError& error) {
      fmt::print(stderr, "farshorectl: {}\n", error.what());
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::ctl
