#include "services/ctl/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/environment_error.hpp"

namespace farshore::ctl {

service::Config Command::load() const {
  if (config_file.empty()) {
    throw EnvironmentError("This command needs the region's YAML file: give --config FILE, or set FARSHORE_CONFIG.",
                           ExitCode::kUsage);
  }
  return service::load_config(config_file);
}

void add_output_option(CLI::App& app, Output& output) {
  app.add_option_function<std::string>(
         "--output", [&output](const std::string& word) { output = word == "json" ? Output::kJson : Output::kTable; },
         "table (default) or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
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
