#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/environment_error.hpp"
#include "base/shell_word.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/equal.hpp"
#include "services/ctl/table.hpp"
#include "store/doubts.hpp"
#include "store/equality.hpp"

// farshorectl equal: the gate over a stream is closed until somebody says that the tables here began equal to the
// origin's, and after each doubt until somebody says so anew, who names a comparison that was begun after it. What is
// said is added to farshore.equality, with who, when and why; nothing of it is ever overwritten.
namespace farshore::ctl {
namespace {

using store::EqualityRow;
using store::Word;

struct EqualOptions {
  std::string origin;
  std::string stream;
  std::string table;
  std::string why;
  std::vector<std::uint64_t> begun;  ///< the comparisons that are declared
  bool execute = false;
  bool all = false;
  Output output = Output::kTable;
};

/// Who says it: the region of that origin.
constexpr const char* kTold = "region of ";

std::vector<EqualityRow> read_equalities(const service::Config& config, mysql::Connection& connection, bool history) {
  auto rows = store::read_equality(connection, config.region, history);
  if (rows) return std::move(*rows);
  if (rows.error().kind == mysql::SqlErrorKind::kMissingTable) fail_old_schema(config, rows.error());
  fail_database(config, rows.error());
}

/// What is said of which streams.
std::vector<EqualityRow> wanted(const service::Config& config, const EqualOptions& options, Word word,
                                const std::vector<EqualityRow>& said) {
  // What was said of an origin or a stream that is gone from the configuration can still be settled.
  std::set<std::string> streams;
  for (const EqualityRow& row : said)
    if (row.origin == options.origin) streams.insert(row.stream);
  if (streams.empty()) require_applied_origin(config, options.origin);
  for (const auto& [stream, settings] : config.streams) streams.insert(stream);
  if (!options.stream.empty() && !streams.contains(options.stream)) {
    throw EnvironmentError(fmt::format("--stream {} is not in streams of {}.", options.stream, config.file.string()),
                           ExitCode::kUsage);
  }
  if (!options.table.empty() && options.table.find('.') == std::string::npos)
    throw EnvironmentError(fmt::format("--table {}; wanted SCHEMA.TABLE.", options.table), ExitCode::kUsage);
  std::vector<EqualityRow> rows;
  for (const std::string& stream : streams) {
    if (!options.stream.empty() && stream != options.stream) continue;
    rows.push_back({.id = 0,
                    .origin = options.origin,
                    .stream = stream,
                    .table = options.table,
                    .word = word,
                    .why = options.why,
                    .who = operator_name(),
                    .said_at = {}});
  }
  return rows;
}

std::vector<store::ToldDoubt> read_told(const service::Config& config, mysql::Connection& connection) {
  auto told = store::read_told(connection, config.region);
  if (!told && told.error().kind == mysql::SqlErrorKind::kMissingTable) fail_old_schema(config, told.error());
  if (!told) fail_database(config, told.error());
  return std::move(*told);
}

/// Why `row` is not taken, whose id is that under which it has been added, or 0; empty: it is taken.
std::string refusal_of(const service::Config& config, mysql::Connection& connection, const EqualityRow& row,
                       const std::vector<std::uint64_t>& begun) {
  if (row.word != Word::kEqual) return {};
  std::vector<EqualityRow> said = read_equalities(config, connection, true);
  std::erase_if(said, [&](const EqualityRow& one) { return one.id == row.id; });
  return store::why_not_declared(said, read_told(config, connection), row.origin, row.stream, row.table, begun)
      .value_or("");
}

/// A number that names none of the declared tables' comparisons is a mistake, whether one is needed or not.
void require_begun(const std::vector<EqualityRow>& said, const std::vector<EqualityRow>& rows,
                   const std::vector<std::uint64_t>& begun) {
  for (const std::uint64_t id : begun) {
    std::string open;
    bool is_known = false;
    for (const EqualityRow& row : rows) {
      is_known = is_known || store::begun_comparison(said, id, row.origin, row.stream, row.table) != nullptr;
      const std::string of_stream = store::open_comparisons(said, row.origin, row.stream, row.table);
      if (!of_stream.empty())
        open += fmt::format("{}{}/{}: {}", open.empty() ? "" : "; ", row.origin, row.stream, of_stream);
    }
    if (is_known) continue;
    throw EnvironmentError(fmt::format("--begun {} is no comparison of these tables that was begun here; begun and not "
                                       "declared: {}.",
                                       id, open.empty() ? "none" : open),
                           ExitCode::kUsage);
  }
}

std::string sentence_of(const EqualityRow& row) {
  const std::string tables = row.table.empty() ? "all of its tables are" : row.table + " is";
  switch (row.word) {
    case Word::kEqual: return tables + " equal to the origin's, but for what is on its way or parked";
    case Word::kNotYetEqual: return tables + " not known to be equal";
    case Word::kBegun: return tables + " copied or compared from here on";
  }
  return {};
}

/// Adds the word and gives `row` its id, or throws and adds nothing.
void say(const service::Config& config, mysql::Connection& connection, EqualityRow& row,
         const std::vector<std::uint64_t>& begun) {
  const auto lock = [&] {
    if (row.word == Word::kNotYetEqual) return;
    if (const auto locked = store::lock_equality(connection, config.region, row.origin, row.stream, true); !locked)
      fail_database(config, locked.error());
  };
  lock();
  if (const auto added = store::add_equality(connection, config.region, row); !added)
    fail_database(config, added.error());
  const auto id = connection.query("SELECT LAST_INSERT_ID()");
  if (!id) fail_database(config, id.error());
  row.id = id->unsigned_integer(0, 0);
  // Where nothing was said before, there was nothing to lock: whoever says something now waits, or is waited for.
  lock();
  const std::string refusal = refusal_of(config, connection, row, begun);
  if (!refusal.empty()) throw EnvironmentError(refusal + ". Nothing was written.", ExitCode::kDifferences);
}

/// How the comparisons that were begun are declared.
std::string declaration_of(const EqualOptions& options, const std::vector<EqualityRow>& rows) {
  std::string out = "farshorectl equal declare --origin " + options.origin;
  if (!options.stream.empty()) out += " --stream " + options.stream;
  if (!options.table.empty()) out += " --table " + shell_word(options.table);
  std::string separator = " --begun ";
  for (const EqualityRow& row : rows) out += std::exchange(separator, ",") + std::to_string(row.id);
  return out + " --why \"how you know\" --execute";
}

std::string begun_json(const std::vector<EqualityRow>& rows) {
  auto out = nlohmann::ordered_json::array();
  for (const EqualityRow& row : rows)
    out.push_back({{"origin", row.origin}, {"stream", row.stream}, {"table", row.table}, {"begun", row.id}});
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// What would be said, and why it would be refused.
int dry_run(const service::Config& config, mysql::Connection& connection, const EqualOptions& options,
            const std::vector<EqualityRow>& rows, const std::vector<EqualityRow>& said) {
  bool is_refused = false;
  for (const EqualityRow& row : rows) {
    fmt::print("{}/{} in region {}: until now {}\n  would be said: {}\n", row.origin, row.stream, config.region,
               store::why_not_equal(said, row.origin, row.stream).value_or("equal"), sentence_of(row));
    const std::string refusal = refusal_of(config, connection, row, options.begun);
    if (refusal.empty()) continue;
    is_refused = true;
    fmt::print("  and refused: {}.\n", refusal);
  }
  fmt::print("Nothing was written: --execute writes it down, with your name ({}).\n", operator_name());
  return static_cast<int>(is_refused ? ExitCode::kDifferences : ExitCode::kGood);
}

int run_say(const service::Config& config, const EqualOptions& options, Word word) {
  mysql::Connection connection = open_database(config);
  const std::vector<EqualityRow> said = read_equalities(config, connection, false);
  std::vector<EqualityRow> rows = wanted(config, options, word, said);
  if (!options.begun.empty()) require_begun(read_equalities(config, connection, true), rows, options.begun);
  if (!options.execute) return dry_run(config, connection, options, rows, said);
  say_equality(config, connection, rows, options.begun);
  if (options.output == Output::kJson) {
    fmt::print("{}", begun_json(rows));
    return static_cast<int>(ExitCode::kGood);
  }
  for (const EqualityRow& row : rows) {
    fmt::print("{}/{} in region {}: until now {}\n  said: {}\n", row.origin, row.stream, config.region,
               store::why_not_equal(said, row.origin, row.stream).value_or("equal"), sentence_of(row));
  }
  if (word == Word::kBegun) fmt::print("When you have copied or compared: {}\n", declaration_of(options, rows));
  return static_cast<int>(ExitCode::kGood);
}

/// What the origins' own regions doubt, once for all partitions that tell it. As rows, which are in no table.
void add_told(const service::Config& config, mysql::Connection& connection, std::vector<EqualityRow>& rows) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const store::ToldDoubt& doubt : read_told(config, connection)) {
    if (!seen.emplace(doubt.partition.origin, doubt.partition.stream, doubt.table).second) continue;
    EqualityRow& row = rows.emplace_back();
    row.origin = doubt.partition.origin;
    row.stream = doubt.partition.stream;
    row.table = doubt.table;
    row.why = "`farshorectl equal list` there says why";
    row.who = kTold + row.origin;
  }
}

/// Of each stream and table only the last that says whether it is equal. `rows` by id.
std::vector<EqualityRow> last_words(const std::vector<EqualityRow>& rows) {
  std::map<std::tuple<std::string, std::string, std::string>, const EqualityRow*> last;
  for (const EqualityRow& row : rows)
    if (row.word != Word::kBegun) last[{row.origin, row.stream, row.table}] = &row;
  std::vector<EqualityRow> out;
  for (const auto& [name, row] : last) out.push_back(*row);
  return out;
}

std::string equalities_json(const std::vector<EqualityRow>& rows) {
  auto out = nlohmann::ordered_json::array();
  for (const EqualityRow& row : rows) {
    out.push_back({{"id", row.id},
                   {"origin", row.origin},
                   {"stream", row.stream},
                   {"table", row.table},
                   {"state", store::to_string(row.word)},
                   {"why", row.why},
                   {"who", row.who},
                   {"said_at", row.said_at}});
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int run_equal_list(const service::Config& config, const EqualOptions& options) {
  mysql::Connection connection = open_database(config);
  std::vector<EqualityRow> rows = read_equalities(config, connection, options.all);
  if (!options.all) rows = last_words(rows);
  add_told(config, connection, rows);
  if (!options.origin.empty()) std::erase_if(rows, [&](const auto& row) { return row.origin != options.origin; });
  if (options.output == Output::kJson) {
    fmt::print("{}", equalities_json(rows));
    return static_cast<int>(ExitCode::kGood);
  }
  Table table({"id", "origin", "stream", "table", "state", "said at", "who", "why"});
  for (const EqualityRow& row : rows) {
    table.add({row.id == 0 ? "" : std::to_string(row.id), row.origin, row.stream,
               row.table.empty() ? "(all)" : row.table, std::string(store::to_string(row.word)), row.said_at, row.who,
               row.why});
  }
  fmt::print("{}", table.text());
  return static_cast<int>(ExitCode::kGood);
}

void add_say(CLI::App& equal, Command& command, const char* name, const char* help, Word word) {
  CLI::App* say = equal.add_subcommand(name, help);
  const auto options = std::make_shared<EqualOptions>();
  say->add_option("--origin", options->origin, "The origin whose tables they are")->required();
  say->add_option("--stream", options->stream, "Only this stream; otherwise every one of the configuration");
  say->add_option("--table", options->table, "Only this table, SCHEMA.TABLE");
  say->add_option("--why", options->why, word == Word::kBegun ? "For the record" : "How you know; kept for the record")
      ->required(word != Word::kBegun)
      ->check([](const auto& why) { return why.size() > 1'000 ? std::string("at most 1000 bytes") : std::string(); });
  if (word == Word::kBegun) add_output_option(*say, options->output);
  if (word == Word::kEqual) {
    say->add_option("--begun", options->begun,
                    "The comparison that you declare: what `begin` printed; needed where something is doubted")
        ->delimiter(',');
  }
  say->add_flag("--execute", options->execute, "Do it; without, only say what would be done");
  say->callback([&command, options, word] {
    command.chosen = [&command, options, word] { return run_say(command.load(), *options, word); };
  });
}

}  // namespace

void say_equality(const service::Config& config, mysql::Connection& connection, std::vector<EqualityRow>& rows,
                  const std::vector<std::uint64_t>& begun) {
  end_when_cut_off(connection, config);
  write_marked(connection, config, [&] {
    for (EqualityRow& row : rows) say(config, connection, row, begun);
  });
}

void add_equal(CLI::App& app, Command& command) {
  CLI::App* equal = app.add_subcommand("equal", "Say, or take back, that tables here began equal to an origin's");
  equal->require_subcommand(1);
  equal->fallthrough();
  add_say(*equal, command, "begin",
          "You begin to copy or compare the tables: `declare --begun ID` covers what is doubted until now",
          Word::kBegun);
  add_say(*equal, command, "declare", "The tables are equal: you copied, seeded or compared them", Word::kEqual);
  add_say(*equal, command, "revoke", "The tables are not known to be equal: the gate closes", Word::kNotYetEqual);
  CLI::App* list = equal->add_subcommand("list", "What was said last; --all: everything that was ever said");
  const auto options = std::make_shared<EqualOptions>();
  list->add_option("--origin", options->origin, "Only this origin");
  list->add_flag("--all", options->all, "The history too");
  add_output_option(*list, options->output);
  list->callback([&command, options] {
    command.chosen = [&command, options] { return run_equal_list(command.load(), *options); };
  });
}

}  // namespace farshore::ctl
