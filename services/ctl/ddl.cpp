#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/table.hpp"
#include "store/statement_store.hpp"

// farshorectl ddl: an origin ran a statement that changed rows without saying which (TRUNCATE and its like). Apply
// stands right before it, and here an operator says what became of it in this region.
namespace farshore::ctl {
namespace {

using store::StatementRow;
using store::StatementState;
using store::StatementStore;

struct DdlOptions {
  std::string origin;
  std::uint32_t epoch = 0;
  bool execute = false;
  Output output = Output::kTable;
};

std::vector<StatementRow> read_statements(const service::Config& config, mysql::Connection& connection,
                                          const std::string& origin) {
  require_applied_origin(config, origin);
  auto rows = StatementStore(connection, config.region).list(origin);
  if (rows) return std::move(*rows);
  if (rows.error().kind == mysql::SqlErrorKind::kMissingTable) fail_old_schema(config, rows.error());
  fail_database(config, rows.error());
}

std::string statements_json(const std::vector<StatementRow>& rows) {
  auto out = nlohmann::ordered_json::array();
  for (const StatementRow& row : rows) {
    out.push_back({{"origin", row.origin},
                   {"epoch", row.epoch.epoch.raw()},
                   {"statement", row.text},
                   {"tables", row.tables},
                   {"gtid", row.gtid},
                   {"state", to_string(row.state)},
                   {"decided_by", row.decided_by},
                   {"decided_at", row.decided_at},
                   {"first_seen", row.first_seen}});
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int run_ddl_list(const service::Config& config, const DdlOptions& options) {
  mysql::Connection connection = open_database(config);
  const std::vector<StatementRow> rows = read_statements(config, connection, options.origin);
  if (options.output == Output::kJson) {
    fmt::print("{}", statements_json(rows));
    return static_cast<int>(ExitCode::kGood);
  }
  Table table({"origin", "epoch", "state", "statement", "tables", "gtid", "seen first", "decided"});
  for (const StatementRow& row : rows) {
    table.add({row.origin, std::to_string(row.epoch.epoch.raw()), std::string(to_string(row.state)), row.text,
               row.tables.empty() ? "(any)" : row.tables, row.gtid, row.first_seen,
               row.decided_by.empty() ? "" : row.decided_by + " " + row.decided_at});
  }
  fmt::print("{}", table.text());
  return static_cast<int>(ExitCode::kGood);
}

/// The one that waits. Of an origin that began anew there may be older ones of the same number.
StatementRow waiting_one(const service::Config& config, const std::vector<StatementRow>& rows,
                         const DdlOptions& options) {
  const StatementRow* found = nullptr;
  for (const StatementRow& row : rows) {
    if (row.epoch.epoch != Epoch(options.epoch)) continue;
    if (found == nullptr || row.state == StatementState::kWaiting || found->state != StatementState::kWaiting)
      found = &row;
  }
  if (found == nullptr) {
    throw EnvironmentError(fmt::format(
        "--epoch {}: no statement of origin {} is waited for there in region {} (it is listed when everything before "
        "it is applied here); `farshorectl ddl list --origin {}` has those that are.",
        options.epoch, options.origin, config.region, options.origin));
  }
  if (found->state != StatementState::kWaiting) {
    throw EnvironmentError(fmt::format("--epoch {}: {} has said {} of it already, at {}.", options.epoch,
                                       found->decided_by, to_string(found->state), found->decided_at));
  }
  return *found;
}

int run_decide(const service::Config& config, const DdlOptions& options, StatementState state) {
  mysql::Connection connection = open_database(config);
  const StatementRow row = waiting_one(config, read_statements(config, connection, options.origin), options);
  const std::string tables = row.tables.empty() ? "any table of the origin" : row.tables;
  fmt::print("Origin {} ran, as {}: {}\n  It changed rows of: {}\n", row.origin, row.gtid, row.text, tables);
  if (state == StatementState::kDone) {
    fmt::print("  {}: the same was done in region {}. If it was not, the regions differ behind an open gate.\n",
               options.execute ? "Said" : "Would be said", config.region);
  } else {
    fmt::print(
        "  {}: it is passed over in region {}, and these tables are not-yet-equal until they are made equal and "
        "declared so (`farshorectl equal begin`, compare, and the declaration that it prints).\n",
        options.execute ? "Said" : "Would be said", config.region);
  }
  if (!options.execute) {
    fmt::print("Nothing was written: --execute writes it down, with your name ({}).\n", operator_name());
    return static_cast<int>(ExitCode::kGood);
  }
  write_marked(connection, config, [&] {
    const auto decided = StatementStore(connection, config.region).decide(row, state, operator_name());
    if (!decided) fail_database(config, decided.error());
    if (!*decided) throw EnvironmentError("Somebody else has decided it meanwhile: `farshorectl ddl list` shows what.");
  });
  fmt::print("Apply goes on within a second.\n");
  return static_cast<int>(ExitCode::kGood);
}

void add_decide(CLI::App& ddl, Command& command, const char* name, const char* help, StatementState state) {
  CLI::App* decide = ddl.add_subcommand(name, help);
  const auto options = std::make_shared<DdlOptions>();
  decide->add_option("--origin", options->origin, "The origin that ran the statement")->required();
  decide->add_option("--epoch", options->epoch, "The epoch that begins behind it, as the reason names it")->required();
  decide->add_flag("--execute", options->execute, "Do it; without, only say what would be done");
  decide->callback([&command, options, state] {
    command.chosen = [&command, options, state] { return run_decide(command.load(), *options, state); };
  });
}

}  // namespace

void add_ddl(CLI::App& app, Command& command) {
  CLI::App* ddl = app.add_subcommand("ddl", "Statements of an origin that changed rows without saying which");
  ddl->require_subcommand(1);
  ddl->fallthrough();
  CLI::App* list = ddl->add_subcommand("list", "Those that were waited for, and what was said of them");
  const auto options = std::make_shared<DdlOptions>();
  list->add_option("--origin", options->origin, "The origin that ran them")->required();
  add_output_option(*list, options->output);
  list->callback(
      [&command, options] { command.chosen = [&command, options] { return run_ddl_list(command.load(), *options); }; });
  add_decide(*ddl, command, "done", "The same was done in this region: apply goes on", StatementState::kDone);
  add_decide(*ddl, command, "skip", "Pass over it: apply goes on, its tables are not-yet-equal",
             StatementState::kSkipped);
}

}  // namespace farshore::ctl
