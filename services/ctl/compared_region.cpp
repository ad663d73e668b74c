#include "services/ctl/compared_region.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/environment_error.hpp"
#include "mysql/literal.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/comparison_sight.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/watched_comparison.hpp"
#include "services/process/library_settings.hpp"
#include "store/progress_store.hpp"

namespace farshore::ctl {
namespace {

using std::chrono::steady_clock;

bool is_wanted(const std::vector<std::string>& patterns, std::string_view schema, std::string_view table) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return change::pattern_matches(pattern, schema, table);
         });
}

void require_way(const ComparedRegion& here, const ComparedRegion& peer) {
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
void require_own(ComparedRegion& region, const ComparedRegion& other) {
  const auto own = store::ProgressStore(region.connection, region.config.region).load();
  if (!own) fail_database(region.config, own.error());
  if (!own->empty()) return;
  const auto others = store::ProgressStore(region.connection, other.config.region).load();
  if (!others) fail_database(region.config, others.error());
  if (others->empty()) return;
  throw EnvironmentError(fmt::format(
      "database of {0} has the progress of region {1} and none of {2}: it is a replica or a copy of that region's; "
      "wanted region {2}'s own. If it is that, and was filled from a copy: start apply there, or, where {2} applies "
      "nothing, delete what came with the copy, the rows with region {1} in table progress of schema farshore.",
      region.config.file.string(), other.config.region, region.config.region));
}

/// A lock that a session holds is held at the whole server, whatever it is called where.
void require_two_servers(ComparedRegion& here, ComparedRegion& peer) {
  const auto lock = mysql::text_literal(
      fmt::format("farshore.compare.{}.{}", getpid(), steady_clock::now().time_since_epoch().count()));
  const auto ask = [&](ComparedRegion& region, std::string_view function) {
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

/// Whoever declares or records whole streams has to see each of their schemas.
void require_sight(const ComparedRegion& region, const std::vector<std::string>& patterns) {
  const std::string unseen = unseen_in(region, patterns);
  if (unseen.empty()) return;
  throw EnvironmentError(
      fmt::format("--record, or --declare without --table, is of all tables of the streams, what is not "
                  "seen included: {}. With --table what is compared is declared.",
                  unseen));
}

}  // namespace

ComparedRegion open_region(service::Config config) {
  mysql::Connection connection = open_database(config);
  if (const auto prepared = prepare_session(connection); !prepared) fail_database(config, prepared.error());
  auto grants = mysql::Grants::read(connection);
  if (!grants) fail_database(config, grants.error());
  change::TableRules rules = service::table_rules(config);
  return {std::move(config), std::move(connection), std::move(rules), std::move(*grants), {}, {}};
}

void find_applied(ComparedRegion& region, const ComparedRegion& other) {
  for (const service::OriginConfig* const origin : other.config.own_origins())
    if (is_applied(region.config, origin->name)) region.applied.push_back(origin->name);
}

std::map<TableName, mysql::TableSchema> read_tables(ComparedRegion& region, const ComparedRegion& other,
                                                    const std::vector<std::string>& patterns) {
  auto tables = mysql::read_table_schemas(region.connection, [&](std::string_view schema, std::string_view name) {
    const TableName table{std::string(schema), std::string(name)};
    // What the other does not capture is sent there all the same.
    return is_wanted(patterns, schema, name) && region.captures(table) &&
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

std::string unseen_in(const ComparedRegion& region, const std::vector<std::string>& patterns) {
  const std::vector<std::string> captured = captured_patterns(region.config);
  const auto unseen = out_of_sight(region.grants, captured, patterns.empty() ? captured : patterns);
  if (unseen.empty()) return {};
  return fmt::format(
      "{} in region {} may not read every schema of {}, and sees none that it may not read: GRANT SELECT ON *.* TO it, "
      "or name the schemas that it may read (in the streams, or --table 'SCHEMA.*,...')",
      region.grants.account(), region.config.region, fmt::join(unseen, ", "));
}

std::string not_of(const ComparedRegion& region, const ComparedRegion& other) {
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

void require_regions(ComparedRegion& here, ComparedRegion& peer, const std::vector<std::string>& patterns, bool whole) {
  require_way(here, peer);
  require_two_servers(here, peer);
  require_own(here, peer);
  require_own(peer, here);
  if (whole) {
    require_sight(here, patterns);
    require_sight(peer, patterns);
  }
}

void require_tables(const ComparedRegion& here, const ComparedRegion& peer, const std::vector<std::string>& patterns) {
  if (patterns.empty() && here.tables.empty() && peer.tables.empty()) {
    throw EnvironmentError(
        "there is no table that both regions capture and farshorectl's accounts may read; wanted SELECT "
        "on their schemas for the accounts of both (docs/operating/grants.md).");
  }
  for (const std::string& pattern : patterns) {
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

}  // namespace farshore::ctl
