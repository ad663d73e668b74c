#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/pending.hpp"

// farshorectl parked and farshorectl conflicts: look at what apply could not apply, and settle it.
namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct SettleOptions {
  PendingFilter filter;
  Output output = Output::kTable;
  bool all = false;
  bool execute = false;
  std::int64_t wait_seconds = 30;
};

/// One way to settle something.
struct Way {
  PendingKind kind = PendingKind::kParked;
  std::string word;    ///< of the command line
  std::string action;  ///< of farshore.audit
  std::string help;
  std::string says;  ///< what it will do, in the dry run; empty: apply is asked
};

const std::vector<Way>& ways() {
  static const std::vector<Way> list{
      {PendingKind::kParked, "retry", "parked-retry", "Let apply try parked changes now", "would be tried now"},
      {PendingKind::kParked, "discard", "parked-discard",
       "Give parked changes up: the row stays here as it is, and the table is not-yet-equal",
       "would be given up: the row stays here as it is, and its table is not-yet-equal until somebody says that it is"},
      {PendingKind::kConflict, "keep-target", "keep-target", "What stands here stays, the origin's change is given up",
       "what stands here would stay, and its table is not-yet-equal until somebody says that it is"},
      {PendingKind::kConflict, "take-source", "take-source",
       "Write the origin's image over what stands here, and delete the other rows that hold its unique values: the "
       "table is not-yet-equal where there are such rows",
       ""},
      {PendingKind::kConflict, "discard", "discard", "You say that the row is equal by now: nothing is written",
       "would be closed, as the row is equal by your word; nothing is written"}};
  return list;
}

std::string_view noun(PendingKind kind) { return kind == PendingKind::kParked ? "parked" : "conflicts"; }

/// One line for each row, and whether all went well.
class Report {
 public:
  explicit Report(Output output) : output_(output) {}

  void add(const PendingRow& row, bool done, bool failed, const std::string& outcome) {
    failed_ |= failed;
    if (output_ == Output::kTable) {
      fmt::print("{}: {}\n", name_of(row), outcome);
      return;
    }
    const store::KeptChange& kept = row.change;
    const Json line{{"origin", kept.partition.origin},
                    {"stream", kept.partition.stream},
                    {"partition", kept.partition.partition.raw()},
                    {"seq", kept.seq.raw()},
                    {"table", kept.key.schema + "." + kept.key.table},
                    {"key", row.key_text},
                    {"done", done},
                    {"outcome", outcome}};
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  [[nodiscard]] int finish() const {
    std::fflush(stdout);
    return static_cast<int>(failed_ ? ExitCode::kNotReady : ExitCode::kGood);
  }

 private:
  const Output output_;
  bool failed_ = false;
};

void settle_one(const service::Config& config, mysql::Connection& connection, const Way& way,
                const SettleOptions& options, const PendingRow& row, Report& report) {
  const std::string& origin = row.change.partition.origin;
  if (!is_applied(config, origin)) {
    return report.add(row, false, true,
                      fmt::format("origin {0} is not in apply.origins of {1}, so there is no apply that settles it: "
                                  "`farshorectl origin reset --origin {0}` takes away what is noted of the origin, and "
                                  "leaves the rows here as they are; or let apply have the origin again",
                                  origin, config.file.string()));
  }
  const std::chrono::seconds patience(options.wait_seconds);
  PendingRequest request{
      .command = fmt::format("{} {}", noun(way.kind), way.word), .action = way.action, .dry_run = true, .expected = {}};
  const auto silent = [&] {
    report.add(row, false, true,
               fmt::format("apply did not take the request within {} s, and it is withdrawn: `farshorectl status` says "
                           "which apply holds the partition; one that waits or is stopped takes requests when it is "
                           "tried again, at apply.retry_interval: give --wait more",
                           options.wait_seconds));
  };
  if (way.says.empty()) {
    const auto dry = ask_apply(config, connection, row, request, patience);
    if (!dry) return silent();
    const bool is_possible = dry->outcome.starts_with("{");
    if (!is_possible || !options.execute) return report.add(row, false, !is_possible, dry->outcome);
    request.expected = dry->outcome;
  } else if (!options.execute) {
    return report.add(row, false, false, way.says);
  }
  request.dry_run = false;
  const auto answer = ask_apply(config, connection, row, request, patience);
  if (!answer) return silent();
  report.add(row, answer->done, !answer->done, answer->outcome);
}

int settle(const service::Config& config, const Way& way, const SettleOptions& options) {
  if (options.filter.is_empty() && !options.all) {
    throw EnvironmentError(
        fmt::format("{} {} needs to know which: give --origin, --table or --key, or --all.", noun(way.kind), way.word),
        ExitCode::kUsage);
  }
  mysql::Connection connection = open_database(config);
  const auto rows = read_pending(config, connection, way.kind, options.filter);
  if (rows.empty()) {
    fmt::print(stderr, "farshorectl: nothing of that kind; `farshorectl {} list` shows what there is.\n",
               noun(way.kind));
    return static_cast<int>(ExitCode::kNotReady);
  }
  end_when_cut_off(connection, config);
  Report report(options.output);
  for (const PendingRow& row : rows) settle_one(config, connection, way, options, row, report);
  if (!options.execute) fmt::print(stderr, "Nothing was done. Give --execute to do it.\n");
  return report.finish();
}

void add_filter(CLI::App& app, SettleOptions& options) {
  app.add_option("--origin", options.filter.origin, "Only of this origin");
  app.add_option("--table", options.filter.table, "Only of this table, schema.table");
  app.add_option("--key", options.filter.key, "Only of this key, as the list shows it");
  app.add_option("--limit", options.filter.limit, "At most so many (100)");
  add_output_option(app, options.output);
}

void add_settling(CLI::App& app, Command& command, PendingKind kind, const char* help) {
  CLI::App* group = app.add_subcommand(std::string(noun(kind)), help);
  group->require_subcommand(1);
  const auto options = std::make_shared<SettleOptions>();
  const auto look = [&](const char* word, const char* what, bool images) {
    CLI::App* sub = group->add_subcommand(word, what);
    add_filter(*sub, *options);
    sub->callback([&command, options, kind, images] {
      command.chosen = [&command, options, kind, images] {
        const service::Config config = command.load();
        mysql::Connection connection = open_database(config);
        const auto rows = read_pending(config, connection, kind, options->filter);
        fmt::print("{}", images ? pending_images(rows, options->output) : pending_list(rows, kind, options->output));
        return static_cast<int>(ExitCode::kGood);
      };
    });
  };
  look("list", "Show them, without values but their keys", false);
  look("show", "Show them with the origin's image and what stands here", true);
  for (const Way& way : ways()) {
    if (way.kind != kind) continue;
    CLI::App* sub = group->add_subcommand(way.word, way.help);
    add_filter(*sub, *options);
    sub->add_flag("--all", options->all, "Without a filter");
    sub->add_flag("--execute", options->execute, "Do it; without it, say what would be done");
    sub->add_option("--wait", options->wait_seconds, "Seconds to wait for apply (30)")->check(CLI::Range(1, 7200));
    sub->callback([&command, options, &way] {
      command.chosen = [&command, options, &way] { return settle(command.load(), way, *options); };
    });
  }
}

}  // namespace

void add_parked(CLI::App& app, Command& command) {
  add_settling(app, command, PendingKind::kParked, "Changes that cannot be applied yet: look, retry, discard");
}

void add_conflicts(CLI::App& app, Command& command) {
  add_settling(app, command, PendingKind::kConflict,
               "Changes that may not be applied by rule: look, keep-target, take-source, discard");
}

}  // namespace farshore::ctl
