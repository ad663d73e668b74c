#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/pending.hpp"
#include "services/ctl/table.hpp"
#include "store/doubts.hpp"
#include "store/equality.hpp"
#include "store/mismatch.hpp"

// farshorectl mismatches: changes that found another row here than the origin had, or left one.
namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct MismatchOptions {
  PendingFilter filter;
  Output output = Output::kTable;
  bool all = false;
  bool execute = false;
};

int run_mismatch_list(const service::Config& config, const MismatchOptions& options) {
  mysql::Connection connection = open_database(config);
  const auto found = store::read_mismatches(connection, config.region, options.filter);
  if (!found) fail_database(config, found.error());
  if (options.output == Output::kJson) {
    Json list = Json::array();
    for (const store::MismatchRow& row : *found) {
      list.push_back({{"origin", row.origin},
                      {"stream", row.stream},
                      {"table", row.table},
                      {"kind", row.kind},
                      {"changes", row.changes},
                      {"first_at", row.first_at},
                      {"last_at", row.last_at}});
    }
    fmt::print("{}\n", list.dump(-1, ' ', false, Json::error_handler_t::replace));
    return static_cast<int>(ExitCode::kGood);
  }
  if (found->empty())
    fmt::print("Every change found the row that the origin had, and left the one that it has, as far as was looked.\n");
  Table table({"origin", "stream", "table", "kind", "changes", "first at", "last at"});
  for (const store::MismatchRow& row : *found)
    table.add({row.origin, row.stream, row.table, row.kind, std::to_string(row.changes), row.first_at, row.last_at});
  if (!found->empty()) fmt::print("{}", table.text());
  return static_cast<int>(ExitCode::kGood);
}

int run_show(const service::Config& config, const MismatchOptions& options) {
  mysql::Connection connection = open_database(config);
  fmt::print("{}",
             pending_images(read_pending(config, connection, PendingKind::kMismatch, options.filter), options.output));
  return static_cast<int>(ExitCode::kGood);
}

std::uint64_t changes_of(const std::vector<store::MismatchRow>& rows) {
  std::uint64_t changes = 0;
  for (const store::MismatchRow& row : rows) changes += row.changes;
  return changes;
}

/// The other regions are told when a doubt was last found: without what was counted it would be an older one again,
/// which they may have answered.
void refuse_doubted(const service::Config& config, mysql::Connection& connection,
                    const std::vector<store::MismatchRow>& rows) {
  const auto said = store::read_equality(connection, config.region);
  if (!said) fail_database(config, said.error());
  std::set<std::string> doubted;
  for (const store::MismatchRow& row : rows) {
    if (store::is_told_of(*said, row.origin, row.stream, row.table))
      doubted.insert(fmt::format("{} (origin {}, stream {})", row.table, row.origin, row.stream));
  }
  if (doubted.empty()) return;
  throw EnvironmentError(
      fmt::format("not known to be equal: {}. What was found there tells the other regions how new the doubt is, and "
                  "cannot be forgotten before it is settled: `farshorectl equal begin`, compare, declare (all of the "
                  "stream, where `farshorectl equal list` says that all of it is doubted), then clear; or give --table "
                  "of one that is not doubted. Nothing was done.",
                  store::some_of(doubted)),
      ExitCode::kDifferences);
}

int run_clear(const service::Config& config, const MismatchOptions& options) {
  if (options.filter.is_empty() && !options.all) {
    throw EnvironmentError("mismatches clear needs to know which: give --origin or --table, or --all.",
                           ExitCode::kUsage);
  }
  mysql::Connection connection = open_database(config);
  if (!options.execute) {
    const auto found = store::read_mismatches(connection, config.region, options.filter);
    if (!found) fail_database(config, found.error());
    fmt::print("{} are noted in region {}\n", changes_of(*found), config.region);
    refuse_doubted(config, connection, *found);
    fmt::print(
        "Nothing was done. Give --execute to forget them. It does not declare a table equal: that is "
        "`farshorectl equal begin`, and the declaration that it prints when you have compared.\n");
    return static_cast<int>(ExitCode::kGood);
  }
  end_when_cut_off(connection, config);
  std::uint64_t changes = 0;
  write_marked(connection, config, [&] {
    const auto gone = store::forget_mismatches(connection, config.region, options.filter);
    if (!gone) fail_database(config, gone.error());
    refuse_doubted(config, connection, *gone);
    changes = changes_of(*gone);
  });
  fmt::print("{} forgotten, which were noted in region {}\n", changes, config.region);
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace

void add_mismatches(CLI::App& app, Command& command) {
  CLI::App* group = app.add_subcommand(
      "mismatches", "Changes that found another row here than the origin had, or left one: count, look, forget");
  group->require_subcommand(1);
  const auto options = std::make_shared<MismatchOptions>();
  const auto add = [&](const char* word, const char* help, int (*run)(const service::Config&, const MismatchOptions&)) {
    CLI::App* sub = group->add_subcommand(word, help);
    sub->add_option("--origin", options->filter.origin, "Only of this origin");
    sub->add_option("--table", options->filter.table, "Only of this table, schema.table");
    sub->callback([&command, options, run] {
      command.chosen = [&command, options, run] { return run(command.load(), *options); };
    });
    return sub;
  };
  add_output_option(*add("list", "How many, by table and kind, without values", run_mismatch_list), options->output);
  CLI::App* show = add("show", "The first of each kind with the origin's images and the row that stood here", run_show);
  show->add_option("--key", options->filter.key, "Only of this key, as it is shown");
  show->add_option("--limit", options->filter.limit, "At most so many (100)");
  add_output_option(*show, options->output);
  CLI::App* clear = add("clear", "Forget them", run_clear);
  clear->add_flag("--all", options->all, "Without a filter");
  clear->add_flag("--execute", options->execute, "Do it; without it, say what would be done");
}

}  // namespace farshore::ctl
