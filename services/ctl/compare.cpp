#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
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
#include "mysql/grants.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"
#include "services/ctl/arrival.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/comparison_record.hpp"
#include "services/ctl/comparison_sight.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/equal.hpp"
#include "services/ctl/revocation.hpp"
#include "services/ctl/table_comparison.hpp"
#include "services/ctl/watched_comparison.hpp"
#include "services/process/library_settings.hpp"
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

/// One of the two regions.
struct Region {
  service::Config config;
  mysql::Connection connection;
  change::TableRules rules;
  mysql::Grants grants;
  std::vector<std::string> applied;                ///< the other's origins that are applied here
  std::map<TableName, mysql::TableSchema> tables;  ///< that are compared or named, as far as they are here

  [[nodiscard]] bool captures(const TableName& name) const { return rules.route(name.schema, name.table).captured; }
};

Region open_region(service::Config config) {
  mysql::Connection connection = open_database(config);
  if (const auto prepared = prepare_session(connection); !prepared) fail_database(config, prepared.error());
  auto grants = mysql::Grants::read(connection);
  if (!grants) fail_database(config, grants.error());
  change::TableRules rules = service::table_rules(config);
  return {std::move(config), std::move(connection), std::move(rules), std::move(*grants), {}, {}};
}

void find_applied(Region& region, const Region& other) {
  for (const service::OriginConfig* const origin : other.config.own_origins())
    if (is_applied(region.config, origin->name)) region.applied.push_back(origin->name);
}

bool is_wanted(const CompareOptions& options, std::string_view schema, std::string_view table) {
  return options.tables.empty() || std::ranges::any_of(options.tables, [&](const std::string& pattern) {
           return change::pattern_matches(pattern, schema, table);
         });
}

std::map<TableName, mysql::TableSchema> read_tables(Region& region, const Region& other,
                                                    const CompareOptions& options) {
  auto tables = mysql::read_table_schemas(region.connection, [&](std::string_view schema, std::string_view name) {
    const TableName table{std::string(schema), std::string(name)};
    // What the other does not capture is sent there all the same.
    return is_wanted(options, schema, name) && region.captures(table) &&
           (other.captures(table) || !other.applied.empty());
  });
  if (!tables) fail_database(region.config, tables.error());
  std::map<TableName, mysql::TableSchema> out;
  for (mysql::TableSchema& table : *tables) {
    TableName name{table.schema, table.name};
    out.emplace(std::move(name), std::move(table));
  }
  return out;
}

/// What is said of one table.
struct Compared {
  TableName name;
  TableComparison rows;
  std::vector<std::string> left_out;
  std::string not_compared;  ///< why; empty: it was

  [[nodiscard]] bool is_equal() const {
    return not_compared.empty() && rows.stopped.empty() && left_out.empty() && rows.differing == 0 &&
           rows.undecided == 0;
  }
};

class Comparison {
 public:
  Comparison(Region& here, Region& peer, const CompareOptions& options) : here_(here), peer_(peer), options_(options) {}

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
  static std::string lacking(const TableName& name, const Region& region, const Region& other) {
    if (!other.captures(name))
      return fmt::format("{} does not capture it, and {} does: give both files the same streams and tables",
                         other.config.file.string(), region.config.file.string());
    const auto grant = [&](const Region& where) {
      return fmt::format("GRANT SELECT ON {}.{} TO {}", mysql::quote_identifier(name.schema),
                         mysql::quote_identifier(name.table), where.grants.account());
    };
    const auto sees = [&](const Region& where) { return sees_whole(where.grants, name.schema, name.table); };
    if (!other.tables.contains(name)) {
      std::string why = fmt::format("it is only in {}", region.config.region);
      return sees(other) ? why : why + fmt::format(", as far as is seen in {}: {}", other.config.region, grant(other));
    }
    for (const Region* const where : {&region, &other}) {
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
    return {.name = name,
            .rows = std::move(found->rows),
            .left_out = table->left_out(),
            .not_compared = std::move(found->not_compared)};
  }

  static SourceTime now_at(Region& region) {
    const auto time = store::read_clock(region.connection);  // a watermark's time is of the same clock
    if (!time) fail_database(region.config, time.error());
    return *time;
  }

  /// Up to when all of the other's changes are applied in the region; none where it applies none.
  static std::optional<SourceTime> safe_time(Region& region) {
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

  bool wait_for_the_way() {
    const SourceTime here_now = now_at(here_);
    const SourceTime peer_now = now_at(peer_);
    const auto until = steady_clock::now() + std::chrono::seconds(options_.settle_s);
    const auto has_arrived = [](Region& region, SourceTime wanted) {
      const auto safe = safe_time(region);
      return !safe || *safe > wanted;
    };
    while (!has_arrived(here_, peer_now) || !has_arrived(peer_, here_now)) {
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

  Region& here_;
  Region& peer_;
  const CompareOptions& options_;
  steady_clock::time_point shown_ = steady_clock::now();
  bool has_line_ = false;
};

/// What was made, altered or dropped in the region since its tables were read was not compared as it is.
void note_changed(std::vector<Compared>& compared, Region& region, const Region& other, const CompareOptions& options) {
  const std::map<TableName, mysql::TableSchema> now = read_tables(region, other, options);
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
std::vector<store::EqualityRow> words_of(const Region& region, const CompareOptions& options,
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
void say(const Region& region, std::vector<store::EqualityRow>& rows, store::Word word) {
  std::vector<std::uint64_t> begun;
  for (store::EqualityRow& row : rows) {
    if (word == store::Word::kEqual) begun.push_back(row.id);
    row.word = word;
  }
  if (rows.empty()) return;
  mysql::Connection connection = open_database(region.config);
  say_equality(region.config, connection, rows, begun);
}

std::string sentence_of(const Compared& table, const Region& here, const Region& peer) {
  const std::string name = table.name.for_people();
  if (!table.not_compared.empty()) return fmt::format("{}: not compared: {}\n", name, table.not_compared);
  const TableComparison& rows = table.rows;
  std::string out = fmt::format("{}: {} rows in {}, {} in {}: ", name, rows.rows_here, here.config.region,
                                rows.rows_at_peer, peer.config.region);
  if (rows.differing == 0 && rows.undecided == 0) {
    out += rows.stopped.empty() ? "equal\n" : "as far as they were read, equal\n";
  } else {
    out += fmt::format("{} differ", rows.differing);
    out +=
        rows.undecided == 0
            ? "\n"
            : fmt::format(", and {} may: what was on its way had not arrived when --settle was over\n", rows.undecided);
  }
  for (const RowDifference& row : rows.differences) {
    out += fmt::format("  key {}: ", row.key);
    if (row.is_here && row.is_at_peer) {
      out += fmt::format("another {}\n", fmt::join(row.columns, ", "));
    } else if (!row.is_here && !row.is_at_peer) {
      out += "gone\n";
    } else {
      out += fmt::format("only in {}\n", row.is_here ? here.config.region : peer.config.region);
    }
  }
  if (rows.differing > rows.differences.size())
    out += fmt::format("  and {} more\n", rows.differing - rows.differences.size());
  if (!rows.stopped.empty()) out += fmt::format("  {}\n", rows.stopped);
  for (const std::string& column : table.left_out) out += fmt::format("  not compared: column {}\n", column);
  return out;
}

Json json_of(const Compared& table) {
  Json differences = Json::array();
  for (const RowDifference& row : table.rows.differences) {
    differences.push_back(
        {{"key", row.key}, {"columns", row.columns}, {"here", row.is_here}, {"peer", row.is_at_peer}});
  }
  return {{"table", table.name.for_people()},       {"equal", table.is_equal()},
          {"rows_here", table.rows.rows_here},      {"rows_at_peer", table.rows.rows_at_peer},
          {"differing", table.rows.differing},      {"undecided", table.rows.undecided},
          {"differences", std::move(differences)},  {"stopped", table.rows.stopped},
          {"columns_not_compared", table.left_out}, {"not_compared", table.not_compared}};
}

/// Changes that wait in the region are rows that differ.
std::string pending_in(Region& region) {
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

void require_way(const Region& here, const Region& peer) {
  if (here.config.region == peer.config.region) {
    throw EnvironmentError(fmt::format("--peer {} is of region {}, as {} is; wanted another region's file.",
                                       peer.config.file.string(), peer.config.region, here.config.file.string()),
                           ExitCode::kUsage);
  }
  if (!here.applied.empty() || !peer.applied.empty()) return;
  throw EnvironmentError(
      fmt::format("apply.origins of {} names no origin of region {}, nor the other way round; wanted two regions of "
                  "which one applies the other's changes.",
                  here.config.file.string(), peer.config.region),
      ExitCode::kUsage);
}

/// A database that is a copy of the other region's, or its replica, has that one's progress and none of its own.
void require_own(Region& region, const Region& other) {
  if (region.applied.empty()) return;
  const auto own = store::ProgressStore(region.connection, region.config.region).load();
  if (!own) fail_database(region.config, own.error());
  if (!own->empty()) return;
  const auto others = store::ProgressStore(region.connection, other.config.region).load();
  if (!others) fail_database(region.config, others.error());
  if (others->empty()) return;
  throw EnvironmentError(fmt::format(
      "database of {} has the progress of region {} and none of {}: it is a replica or a copy of that region's; wanted "
      "the database that apply of {} writes to, and apply to have been started there.",
      region.config.file.string(), other.config.region, region.config.region, region.config.region));
}

/// A lock that a session holds is held at the whole server, whatever it is called where.
void require_two_servers(Region& here, Region& peer) {
  const auto lock = mysql::text_literal(
      fmt::format("farshore.compare.{}.{}", getpid(), steady_clock::now().time_since_epoch().count()));
  const auto ask = [&](Region& region, std::string_view function) {
    const auto answer =
        region.connection.query(fmt::format("SELECT {}({}{})", function, lock, function == "GET_LOCK" ? ",0" : ""));
    if (!answer) fail_database(region.config, answer.error());
    return answer->text(0, 0) == "1";
  };
  ask(here, "GET_LOCK");
  const bool are_two = ask(peer, "IS_FREE_LOCK");
  ask(here, "RELEASE_LOCK");
  if (are_two) return;
  throw EnvironmentError(fmt::format("database of {} and of --peer {} is one and the same server; wanted those of two "
                                     "regions.",
                                     here.config.file.string(), peer.config.file.string()),
                         ExitCode::kUsage);
}

/// What is wanted and may be there in the region unseen, since the account may not read it: for people. Empty: nothing.
std::string unseen_in(const Region& region, const CompareOptions& options) {
  const std::vector<std::string> captured = captured_patterns(region.config);
  const auto unseen = out_of_sight(region.grants, captured, options.tables.empty() ? captured : options.tables);
  if (unseen.empty()) return {};
  return fmt::format(
      "{} in region {} may not read every schema of {}, and sees none that it may not read: GRANT SELECT ON *.* TO it, "
      "or name the schemas that it may read (in the streams, or --table 'SCHEMA.*,...')",
      region.grants.account(), region.config.region, fmt::join(unseen, ", "));
}

/// Which of a region's origins that the other applies are not at the database that is compared: for people. Empty:
/// none.
std::string not_of(const Region& region, const Region& other) {
  std::vector<std::string> origins = origins_elsewhere(region.config);
  std::erase_if(origins,
                [&](const std::string& name) { return std::ranges::find(other.applied, name) == other.applied.end(); });
  if (origins.empty()) return {};
  return fmt::format(
      "region {} has several origins, and of {} another address than its database, which alone is read: compare what "
      "is "
      "theirs by hand, or give both the same address in {}",
      region.config.region, fmt::join(origins, ", "), region.config.file.string());
}

/// Whoever declares or records whole streams has to see each of their schemas.
void require_sight(const Region& region, const CompareOptions& options) {
  const std::string unseen = unseen_in(region, options);
  if (unseen.empty()) return;
  throw EnvironmentError(
      fmt::format("--record, or --declare without --table, is of all tables of the streams, what is not "
                  "seen included: {}. With --table what is compared is declared.",
                  unseen));
}

void require_tables(const Region& here, const Region& peer, const CompareOptions& options) {
  if (options.tables.empty() && here.tables.empty() && peer.tables.empty()) {
    throw EnvironmentError(
        "there is no table that both regions capture and farshorectl's accounts may read; wanted SELECT "
        "on their schemas for the accounts of both (docs/operating/grants.md).");
  }
  for (const std::string& pattern : options.tables) {
    const auto matches = [&](const auto& entry) {
      return change::pattern_matches(pattern, entry.first.schema, entry.first.table);
    };
    if (std::ranges::any_of(here.tables, matches) || std::ranges::any_of(peer.tables, matches)) continue;
    throw EnvironmentError(
        fmt::format("--table {} matches no table that both regions capture and farshorectl's accounts "
                    "may read; wanted SCHEMA.TABLE, with * and ?.",
                    pattern),
        ExitCode::kUsage);
  }
}

ToldRegion told_region(const Region& region) {
  return {.config = region.config, .rules = region.rules, .applied = region.applied};
}

std::vector<Compared> compare_tables(Region& here, Region& peer, const CompareOptions& options,
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

void require_regions(Region& here, Region& peer, const CompareOptions& options) {
  require_way(here, peer);
  require_two_servers(here, peer);
  require_own(here, peer);
  require_own(peer, here);
  if (options.tables.empty() && (options.declare || options.record)) {
    require_sight(here, options);
    require_sight(peer, options);
  }
}

int run_compare(const service::Config& config, const CompareOptions& options) {
  Region here = open_region(config);
  Region peer = open_region(service::load_config(options.peer));
  find_applied(here, peer);
  find_applied(peer, here);
  require_regions(here, peer, options);
  std::optional<ComparisonRecord> record;
  if (options.record) record.emplace(std::array{told_region(here), told_region(peer)}, options.why);
  here.tables = read_tables(here, peer, options);
  peer.tables = read_tables(peer, here, options);
  require_tables(here, peer, options);

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
  std::vector<std::string> unseen{unseen_in(here, options), unseen_in(peer, options), not_of(here, peer),
                                  not_of(peer, here)};
  std::erase(unseen, std::string());
  const bool is_equal = unseen.empty() && std::ranges::all_of(tables, &Compared::is_equal);
  std::string text;
  for (const Compared& table : tables) text += sentence_of(table, here, peer);
  for (const std::string& sentence : unseen) text += fmt::format("not compared: {}\n", sentence);
  if (!is_equal) text += pending_in(here) + pending_in(peer);
  text += revocation.text();
  std::optional<EnvironmentError> refused = revocation.failure();
  if (record) {
    record_equal(*record, tables, unseen, options);
    text += record->text();
    if (record->failure()) refused = record->failure();
  }
  if (declares && is_equal) {
    try {
      say(here, words_here, store::Word::kEqual);
      say(peer, words_peer, store::Word::kEqual);
      text += "Declared equal, in each region of the other's origins.\n";
    } catch (const EnvironmentError& error) {  // what was compared is told all the same
      refused = error;
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
