#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/environment_error.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/preflight_checks.hpp"
#include "services/process/library_settings.hpp"

// farshorectl preflight: is everything as it has to be, before data depends on it?
namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct PreflightOptions {
  Output output = Output::kTable;
  std::string peer;
  bool all = false;
};

RegionFacts read_facts(const service::Config& config) {
  mysql::Connection connection = open_database(config);
  auto facts = read_region_facts(connection, service::table_rules(config));
  if (!facts) fail_database(config, facts.error());
  return std::move(*facts);
}

std::vector<store::Comparison> read_comparisons(const service::Config& config) {
  mysql::Connection connection = open_database(config);
  auto recorded = store::read_comparisons(connection, config.region);
  if (recorded) return std::move(*recorded);
  if (recorded.error().kind == mysql::SqlErrorKind::kMissingTable) return {};  // another check says so
  fail_database(config, recorded.error());
}

struct Checked {
  std::vector<Finding> findings;
  bool unreachable = false;
};

/// A part whose server does not answer is a finding, and the other parts go on. `whose`: nothing, or "peer west: ".
template <typename Part>
void run_part(Checked& checked, const std::string& whose, const std::string& where, Part part) {
  std::vector<Finding> found;
  try {
    found = part();
  } catch (const EnvironmentError& error) {
    if (error.code() == ExitCode::kUsage) throw;
    checked.unreachable = checked.unreachable || error.code() == ExitCode::kUnreachable;
    Findings findings(where);
    findings.mend("access", without_full_stop(error.what()), "an answer", "mend what was found");
    found = findings.take();
  }
  for (Finding& finding : found) {
    finding.where.insert(0, whose);
    checked.findings.push_back(std::move(finding));
  }
}

/// A region's databases, as its services see them.
struct Looked {
  std::optional<RegionFacts> facts;  ///< nothing: they could not be read
  std::set<std::string> schemas;     ///< of captured tables
};

Looked look_at_databases(Checked& checked, const std::string& whose, const service::Config& config) {
  Looked looked;
  run_part(checked, whose, "source", [&] { return check_sources(config, looked.schemas); });
  run_part(checked, whose, "database", [&] {
    looked.facts = read_facts(config);
    for (const auto& [name, table] : looked.facts->tables) looked.schemas.insert(table.schema);
    return check_target(*looked.facts, !config.own_origins().empty());
  });
  if (looked.facts)
    run_part(checked, whose, "database", [&] { return check_comparisons(config, read_comparisons(config)); });
  return looked;
}

/// `config` as one side of a pair with `other`.
Side side_of(const service::Config& config, const service::Config& other, const RegionFacts& facts) {
  const auto own = other.own_origins();
  const bool applies = std::ranges::any_of(own, [&](const service::OriginConfig* origin) {
    return std::ranges::find(config.apply.origins, origin->name) != config.apply.origins.end();
  });
  return {.region = config.region,
          .inserts = !config.own_origins().empty(),
          .applies = applies,
          .apply_user = config.database.accounts.apply.user,
          .facts = &facts};
}

Checked run_checks(const service::Config& config, const std::string& peer_file) {
  Checked checked;
  run_part(checked, "", "configuration", [&] { return check_apply_settings(config); });
  Looked here = look_at_databases(checked, "", config);
  run_part(checked, "", "kafka", [&] { return check_kafka(config); });
  if (peer_file.empty()) {
    run_part(checked, "", "database", [&] { return check_accounts(config, here.schemas); });
    if (here.facts && !config.apply.origins.empty())
      run_part(checked, "", "database",
               [&] { return check_target_tables(*here.facts, config.database.accounts.apply.user); });
    return checked;
  }
  const service::Config peer = service::load_config(peer_file);
  const std::string whose = fmt::format("peer {}: ", peer.region);
  run_part(checked, whose, "configuration", [&] { return check_apply_settings(peer); });
  run_part(checked, "", "configuration", [&] { return check_pair_configs(config, peer); });
  run_part(checked, "", "both", [&] { return check_kafka_pair(config, peer); });
  Looked there = look_at_databases(checked, whose, peer);
  // A schema of one side is written at the other.
  std::set<std::string> schemas = here.schemas;
  schemas.merge(there.schemas);
  run_part(checked, "", "database", [&] { return check_accounts(config, schemas); });
  run_part(checked, whose, "database", [&] { return check_accounts(peer, schemas); });
  if (here.facts && there.facts)
    run_part(checked, "", "both",
             [&] { return check_pair(side_of(config, peer, *here.facts), side_of(peer, config, *there.facts)); });
  return checked;
}

std::string findings_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"verdict", to_string(finding.severity)},
                    {"where", finding.where},
                    {"what", finding.what},
                    {"found", finding.found},
                    {"wanted", finding.wanted},
                    {"mend", finding.mend}});
  }
  return Json{{"findings", std::move(list)}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string findings_text(const std::vector<Finding>& findings, bool all) {
  std::string out;
  std::size_t good = 0;
  for (const Finding& finding : findings) {
    const bool is_good = finding.severity == Finding::Severity::kGood;
    good += is_good ? 1 : 0;
    if (is_good && !all) continue;
    out += fmt::format("{:<8} {}: {}: {}", to_string(finding.severity), finding.where, finding.what, finding.found);
    out += is_good ? "\n" : fmt::format("; wanted {}\n         {}\n", finding.wanted, finding.mend);
  }
  return out + fmt::format("{} checks, {} good\n", findings.size(), good);
}

int run_preflight(const service::Config& config, const PreflightOptions& options) {
  const Checked checked = run_checks(config, options.peer);
  fmt::print("{}", options.output == Output::kJson ? findings_json(checked.findings)
                                                   : findings_text(checked.findings, options.all));
  if (checked.unreachable) return static_cast<int>(ExitCode::kUnreachable);
  const bool to_mend = std::ranges::any_of(
      checked.findings, [](const Finding& finding) { return finding.severity == Finding::Severity::kMend; });
  return static_cast<int>(to_mend ? ExitCode::kDifferences : ExitCode::kGood);
}

}  // namespace

void add_preflight(CLI::App& app, Command& command) {
  CLI::App* preflight = app.add_subcommand(
      "preflight", "Check sources, database, Kafka, and a peer. Exit code 4: something is to be mended");
  const auto options = std::make_shared<PreflightOptions>();
  add_output_option(*preflight, options->output);
  preflight->add_option("--peer", options->peer,
                        "Another region's YAML file: look at its databases too, and compare both sides");
  preflight->add_flag("--all", options->all, "Also list what is good");
  preflight->callback([&command, options] {
    command.chosen = [&command, options] { return run_preflight(command.load(), *options); };
  });
}

}  // namespace farshore::ctl
