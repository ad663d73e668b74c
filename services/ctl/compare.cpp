#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/environment_error.hpp"
#include "change/table_rules.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"
#include "services/ctl/arrival.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/compared_answer.hpp"
#include "services/ctl/compared_region.hpp"
#include "services/ctl/comparison_record.hpp"
#include "services/ctl/comparison_sight.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/equal.hpp"
#include "services/ctl/revocation.hpp"
#include "services/ctl/table_comparison.hpp"
#include "services/ctl/watched_comparison.hpp"
#include "store/comparison.hpp"
#include "store/pending.hpp"
#include "store/progress_store.hpp"

// farshorectl compare: are the rows of two regions the same, but for what is on its way? Both are written to meanwhile.
namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{200};
constexpr std::chrono::seconds kShownEvery{10};  // where nobody watches

struct CompareOptions {
  Output output = Output::kTable;
  std::string peer;
  std::vector<std::string> tables;  ///< patterns; empty: all
  std::uint64_t settle_s = 60;
  bool declare = false;
  bool revoke = false;
  bool record = false;
  std::string why;
  bool execute = false;
};

class Comparison {
 public:
  Comparison(ComparedRegion& here, ComparedRegion& peer, const CompareOptions& options)
      : here_(here), peer_(peer), options_(options) {}

  /// `found`: called for each table as soon as its rows have been compared.
  std::vector<Compared> run(const std::function<void(const Compared&)>& found) {
    std::vector<Compared> out;
    for (const auto& [name, table] : here_.tables) {
      const std::string lack = lacking(name, here_, peer_);
      out.push_back(lack.empty() ? compare(name, table, peer_.tables.at(name)) : not_compared(name, lack));
      found(out.back());
    }
    for (const auto& [name, table] : peer_.tables)
      if (!here_.tables.contains(name)) out.push_back(not_compared(name, lacking(name, peer_, here_)));
    clear_line();
    return out;
  }

 private:
  /// Why a table of a region cannot be compared with the other's; empty: the other has it, and both are seen whole.
  static std::string lacking(const TableName& name, const ComparedRegion& region, const ComparedRegion& other) {
    if (!other.captures(name))
      return fmt::format("{} does not capture it, and {} does: give both files the same streams and tables",
                         other.config.file.string(), region.config.file.string());
    const auto grant = [&](const ComparedRegion& where) {
      return fmt::format("GRANT SELECT ON {}.{} TO {}", mysql::quote_identifier(name.schema),
                         mysql::quote_identifier(name.table), where.grants.account());
    };
    const auto sees = [&](const ComparedRegion& where) { return sees_whole(where.grants, name.schema, name.table); };
    if (!other.tables.contains(name)) {
      std::string why = fmt::format("it is only in {}", region.config.region);
      return sees(other) ? why : why + fmt::format(", as far as is seen in {}: {}", other.config.region, grant(other));
    }
    for (const ComparedRegion* const where : {&region, &other}) {
      if (!sees(*where))
        return fmt::format("not all of its columns are seen in {}: {}", where->config.region, grant(*where));
    }
    return {};
  }

  static Compared not_compared(const TableName& name, std::string why) {
    return {.name = name, .rows = {}, .left_out = {}, .not_compared = std::move(why)};
  }

  Compared compare(const TableName& name, const mysql::TableSchema& here, const mysql::TableSchema& peer) {
    const auto table = ComparedTable::make(here, peer);
    if (!table) return not_compared(name, table.error());
    const ComparisonCalls calls{
        .show = [&](std::uint64_t rows, std::size_t differing) { show(name, rows, differing); },
        .wait_for_the_way = [&] { return wait_for_the_way(); },
    };
    auto found = compare_watched(*table, here, peer, here_.connection, peer_.connection, calls);
    if (!found) fail_database(found.error().place == Place::kHere ? here_.config : peer_.config, found.error().error);
    std::vector<std::string> left_out = table->left_out();
    std::ranges::copy(found->rows.unread, std::back_inserter(left_out));
    return {.name = name,
            .rows = std::move(found->rows),
            .left_out = std::move(left_out),
            .not_compared = std::move(found->not_compared)};
  }

  static SourceTime now_at(ComparedRegion& region) {
    const auto time = store::read_clock(region.connection);  // a watermark's time is of the same clock
    if (!time) fail_database(region.config, time.error());
    return *time;
  }

  /// Up to when all of the other's changes are applied in the region; none where it applies none.
  static std::optional<SourceTime> safe_time(ComparedRegion& region) {
    std::optional<SourceTime> least;
    store::ProgressStore progress(region.connection, region.config.region);
    for (const std::string& origin : region.applied) {
      const auto rows = progress.load_origin(origin);
      if (!rows) fail_database(region.config, rows.error());
      const SourceTime arrived = arrived_up_to(*rows, region.config.streams);
      least = std::min(least.value_or(arrived), arrived);
    }
    return least;
  }

  /// What safe_time() of `to` has to be above when all that `from` has now is applied there. Where the clock of `from`
  /// was set back, what is applied may be above its time already, and says nothing of what came since.
  static SourceTime wanted_time(ComparedRegion& from, ComparedRegion& to) {
    const SourceTime now = now_at(from);
    return std::max(now, safe_time(to).value_or(now));
  }

  bool wait_for_the_way() {
    const SourceTime wanted_here = wanted_time(peer_, here_);
    const SourceTime wanted_peer = wanted_time(here_, peer_);
    const auto until = steady_clock::now() + std::chrono::seconds(options_.settle_s);
    const auto has_arrived = [](ComparedRegion& region, SourceTime wanted) {
      const auto safe = safe_time(region);
      return !safe || *safe > wanted;
    };
    while (!has_arrived(here_, wanted_here) || !has_arrived(peer_, wanted_peer)) {
      if (steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(kPoll);
    }
    return true;
  }

  void show(const TableName& name, std::uint64_t rows, std::size_t differing) {
    const auto now = steady_clock::now();
    const bool is_watched = isatty(STDERR_FILENO) != 0;
    if (now - shown_ < (is_watched ? std::chrono::milliseconds(200) : std::chrono::milliseconds(kShownEvery))) return;
    shown_ = now;
    fmt::print(stderr, "{}{}: {} rows read, {} to look at again{}", is_watched ? "\r\033[K" : "", name.for_people(),
               rows, differing, is_watched ? "" : "\n");
    std::fflush(stderr);
    has_line_ = is_watched;
  }

  void clear_line() const {
    if (has_line_) fmt::print(stderr, "\r\033[K");
  }

  ComparedRegion& here_;
  ComparedRegion& peer_;
  const CompareOptions& options_;
  steady_clock::time_point shown_ = steady_clock::now();
  bool has_line_ = false;
};

/// What was made, altered or dropped in the region since its tables were read was not compared as it is.
void note_changed(std::vector<Compared>& compared, ComparedRegion& region, const ComparedRegion& other,
                  const CompareOptions& options) {
  const std::map<TableName, mysql::TableSchema> now = read_tables(region, other, options.tables);
  const auto note = [&](const TableName& name) {
    auto at = std::ranges::find(compared, name, &Compared::name);
    if (at == compared.end()) at = compared.insert(at, {.name = name, .rows = {}, .left_out = {}, .not_compared = {}});
    if (at->not_compared.empty())
      at->not_compared = fmt::format("it was made, altered or dropped in {} while tables were compared: compare again",
                                     region.config.region);
  };
  for (const auto& [name, table] : region.tables) {
    const auto found = now.find(name);
    if (found == now.end() || shape_text(found->second) != shape_text(table)) note(name);
  }
  for (const auto& [name, table] : now)
    if (!region.tables.contains(name)) note(name);
}

/// What the comparison vouches for in one region, of the other's origins: the tables by name, or the whole streams.
std::vector<store::EqualityRow> words_of(const ComparedRegion& region, const CompareOptions& options,
                                         const std::vector<TableName>& tables) {
  std::vector<store::EqualityRow> rows;
  const auto add = [&](const std::string& origin, const std::string& stream, std::string table) {
    rows.push_back({.id = 0,
                    .origin = origin,
                    .stream = stream,
                    .table = std::move(table),
                    .word = store::Word::kBegun,
                    .why = options.why,
                    .who = operator_name(),
                    .said_at = {}});
  };
  for (const std::string& origin : region.applied) {
    if (options.tables.empty()) {
      for (const change::StreamRule& stream : region.rules.streams()) add(origin, stream.name, {});
      continue;
    }
    for (const TableName& table : tables) {
      const change::Route route = region.rules.route(table.schema, table.table);
      if (!route.captured) continue;
      add(origin, region.rules.streams()[route.stream].name, table.to_string());
    }
  }
  return rows;
}

/// Says it with a session of its own, as the comparison's may be long. `begun`: of words that were begun, their ids.
void say(const ComparedRegion& region, std::vector<store::EqualityRow>& rows, store::Word word) {
  std::vector<std::uint64_t> begun;
  for (store::EqualityRow& row : rows) {
    if (word == store::Word::kEqual) begun.push_back(row.id);
    row.word = word;
  }
  if (rows.empty()) return;
  mysql::Connection connection = open_database(region.config);
  say_equality(region.config, connection, rows, begun);
}

/// Changes that wait in the region are rows that differ.
std::string pending_in(ComparedRegion& region) {
  const auto counts = store::count_pending(region.connection, region.config.region);
  if (!counts) fail_database(region.config, counts.error());
  std::uint64_t parked = 0;
  std::uint64_t conflicts = 0;
  for (const store::PendingCount& count : *counts) {
    parked += count.parked;
    conflicts += count.conflicts;
  }
  if (parked + conflicts == 0) return {};
  return fmt::format(
      "In {} {} changes are parked and {} in conflict: their rows differ until they are settled "
      "(`farshorectl parked list`, `conflicts list`).\n",
      region.config.region, parked, conflicts);
}

ToldRegion told_region(const ComparedRegion& region) {
  return {.config = region.config, .rules = region.rules, .applied = region.applied};
}

std::vector<Compared> compare_tables(ComparedRegion& here, ComparedRegion& peer, const CompareOptions& options,
                                     Revocation& revocation) {
  try {
    std::vector<Compared> tables = Comparison(here, peer, options).run([&](const Compared& table) {
      const bool differs = table.not_compared.empty() && table.rows.differing > 0;
      if (options.revoke && differs) revocation.revoke(table.name, table.rows.differing);
    });
    note_changed(tables, here, peer, options);
    note_changed(tables, peer, here, options);
    return tables;
  } catch (const EnvironmentError&) {  // what was said of the tables before is told all the same
    fmt::print(stderr, "{}", revocation.text());
    throw;
  }
}

void record_equal(ComparisonRecord& record, const std::vector<Compared>& tables, const std::vector<std::string>& unseen,
                  const CompareOptions& options) {
  for (const Compared& table : tables)
    if (!table.is_equal()) record.leave_out(table.name);
  if (!unseen.empty()) record.leave_out_all();
  record.write(options.execute);
}

/// Why one region refuses it. The other is asked all the same, and `text` says of each what came of it.
std::optional<EnvironmentError> declare(const ComparedRegion& region, std::vector<store::EqualityRow>& words,
                                        std::string& text) {
  const std::string of =
      fmt::format("declared equal in region {}, of origin {}", region.config.region, fmt::join(region.applied, ", "));
  try {
    say(region, words, store::Word::kEqual);
  } catch (const EnvironmentError& error) {
    text += fmt::format("NOT {}: {}\n", of, error.what());
    return EnvironmentError(fmt::format("not {}: {}", of, error.what()), error.code());
  }
  text += fmt::format("It is {}.\n", of);
  return std::nullopt;
}

int run_compare(const service::Config& config, const CompareOptions& options) {
  ComparedRegion here = open_region(config);
  ComparedRegion peer = open_region(service::load_config(options.peer));
  find_applied(here, peer);
  find_applied(peer, here);
  require_regions(here, peer, options.tables, options.tables.empty() && (options.declare || options.record));
  std::optional<ComparisonRecord> record;
  if (options.record) record.emplace(std::array{told_region(here), told_region(peer)}, options.why);
  here.tables = read_tables(here, peer, options.tables);
  peer.tables = read_tables(peer, here, options.tables);
  require_tables(here, peer, options.tables);

  std::vector<TableName> names;
  for (const auto& [name, table] : here.tables) names.push_back(name);
  std::vector<store::EqualityRow> words_here = words_of(here, options, names);
  std::vector<store::EqualityRow> words_peer = words_of(peer, options, names);
  const bool declares = options.declare && options.execute;
  if (declares) {
    say(here, words_here, store::Word::kBegun);
    say(peer, words_peer, store::Word::kBegun);
  }
  Revocation revocation({told_region(here), told_region(peer)}, options.why, options.execute);
  const std::vector<Compared> tables = compare_tables(here, peer, options, revocation);
  std::vector<std::string> unseen{unseen_in(here, options.tables), unseen_in(peer, options.tables), not_of(here, peer),
                                  not_of(peer, here)};
  std::erase(unseen, std::string());
  const bool is_equal = unseen.empty() && std::ranges::all_of(tables, &Compared::is_equal);
  std::string text;
  for (const Compared& table : tables) text += sentence_of(table, here.config.region, peer.config.region);
  for (const std::string& sentence : unseen) text += fmt::format("not compared: {}\n", sentence);
  if (!is_equal) text += pending_in(here) + pending_in(peer);
  text += revocation.text();
  std::optional<EnvironmentError> refused = revocation.failure();
  if (record) {
    record_equal(*record, tables, unseen, options);
    text += record->text();
    if (record->failure()) refused = record->failure();
  }
  std::vector<std::string> declared_in;
  if (declares && is_equal) {
    for (const auto& [region, words] : {std::pair(&here, &words_here), std::pair(&peer, &words_peer)}) {
      if (words->empty()) continue;
      const std::optional<EnvironmentError> why = declare(*region, *words, text);
      if (why) refused = why;
      if (!why) declared_in.push_back(region->config.region);
    }
  } else if (options.declare) {
    text += is_equal ? "Nothing was declared: --execute does it, and begins before it compares.\n"
                     : "Nothing was declared, as not all is equal.\n";
  }
  if (options.output == Output::kJson) {
    Json list = Json::array();
    for (const Compared& table : tables) list.push_back(json_of(table));
    text = Json{{"equal", is_equal},
                {"declared", declares && is_equal && !refused},
                {"declared_in", declared_in},
                {"revoked", revocation.revoked()},
                {"recorded", record ? record->recorded() : std::vector<std::string>()},
                {"unseen", unseen},
                {"tables", std::move(list)}}
               .dump(-1, ' ', false, Json::error_handler_t::replace) +
           "\n";
  }
  fmt::print("{}", text);
  if (refused) throw EnvironmentError(*refused);
  return static_cast<int>(is_equal ? ExitCode::kGood : ExitCode::kDifferences);
}

}  // namespace

void add_compare(CLI::App& app, Command& command) {
  CLI::App* compare = app.add_subcommand(
      "compare", "Compare the rows of two regions while they are written to. Exit code 4: they differ");
  const auto options = std::make_shared<CompareOptions>();
  add_output_option(*compare, options->output);
  compare->add_option("--peer", options->peer, "The other region's YAML file")->required();
  CLI::Option* const only =
      compare->add_option("--table", options->tables, "Only these tables: SCHEMA.TABLE, with * and ?")->delimiter(',');
  compare->add_option("--settle", options->settle_s, "Seconds to wait for what is on its way, each time")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  CLI::Option* const why = compare->add_option("--why", options->why, "For the record of what is said");
  compare
      ->add_flag(
          "--declare", options->declare,
          "Say, in each region of the other's origins, that you begin to compare, and that they are equal if all is")
      ->needs(why);
  compare
      ->add_flag("--revoke", options->revoke,
                 "Say in both regions of each table that differs that it is not known to be equal: the gates close")
      ->needs(why);
  compare
      ->add_flag(
          "--record", options->record,
          "Keep in both regions when this began, of each stream that is equal: for gate.bounds.max_comparison_age")
      ->needs(why)
      ->excludes(only);
  compare->add_flag("--execute", options->execute, "Declare, revoke, record; without, only compare");
  compare->callback(
      [&command, options] { command.chosen = [&command, options] { return run_compare(command.load(), *options); }; });
}

}  // namespace farshore::ctl
