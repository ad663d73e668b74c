#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/sql_script.hpp"

// farshorectl init: creates the farshore schema in the region's database. Runs again without harm.
namespace farshore::ctl {
namespace {

int run_init(const service::Config& config) {
  mysql::Connection connection = open_database(config);
  for (const std::string& statement : split_statements(farshore_schema_sql())) {
    if (const auto done = connection.execute(statement); !done) fail_database(config, done.error());
  }
  fmt::print("The farshore schema is in the database of region {}.\n", config.region);
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace

void add_init(CLI::App& app, Command& command) {
  app.add_subcommand("init", "Create the farshore schema in the region's database; harmless when it is there")
      ->callback([&command] { command.chosen = [&command] { return run_init(command.load()); }; });
}

}  // namespace farshore::ctl
