#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "apply/table_fit.hpp"
#include "capture/source/cascade_groups.hpp"
#include "mysql/schema_shape.hpp"
#include "services/ctl/preflight_checks.hpp"
#include "store/equality.hpp"

namespace farshore::ctl {
namespace {

std::uint64_t number(const mysql::ServerInfo& server, std::string_view variable) {
  return std::strtoull(std::string(server.variable(variable)).c_str(), nullptr, 10);
}

bool null_becomes_now(const mysql::ServerInfo& server) {
  const std::string_view explicit_defaults = server.variable("explicit_defaults_for_timestamp");
  return server.kind == ServerKind::kMariadb || explicit_defaults == "OFF" || explicit_defaults == "0";
}

std::string child_of(const mysql::ForeignKey& key) { return key.schema + "." + key.table; }
std::string parent_of(const mysql::ForeignKey& key) { return key.parent_schema + "." + key.parent_table; }

/// It cascades between two tables that the region captures.
bool ties_captured(const RegionFacts& region, const mysql::ForeignKey& key) {
  return key.cascades() && region.tables.contains(child_of(key)) && region.tables.contains(parent_of(key));
}

/// Whether rows of the table arrive in a group whose cascades the target's keys are to repeat.
bool repeats_cascades(const RegionFacts& source, const mysql::TableSchema& table) {
  if (capture::logs_cascades(source.server)) return false;
  return std::ranges::any_of(source.keys, [&](const mysql::ForeignKey& key) {
    const std::string name = table.schema + "." + table.name;
    return ties_captured(source, key) && (child_of(key) == name || parent_of(key) == name);
  });
}

constexpr std::string_view kMendTable =
    "ALTER TABLE on one side, or leave it out of every stream; docs/operating/table-pairs.md says which tables go "
    "together";

/// Rows of a table on their way from `source` to `target`, in the words in which apply would wait for them.
void check_rows(Findings& findings, const RegionFacts& source, const mysql::TableSchema& table,
                const RegionFacts& target, const mysql::TableSchema& there, const std::string& apply_user) {
  const std::string what = fmt::format("table {}.{}", table.schema, table.name);
  const auto shape = mysql::shape_of(table, source.server.kind);
  if (!shape) {
    findings.mend(what, shape.error(), "columns that capture can read",
                  "leave the table out of every stream: capture stops at its first change");
    return;
  }
  const apply::TableFit fit = apply::judge({.shape = *shape,
                                            .kind = source.server.kind,
                                            .repeats_cascades = repeats_cascades(source, table),
                                            .schema = &table,
                                            .keys = source.keys},
                                           {.table = there,
                                            .keys = target.keys,
                                            .null_becomes_now = null_becomes_now(target.server),
                                            .account = apply_user});
  for (const std::string& why : fit.waits)
    findings.mend(what, why, "a table that apply does not wait for", std::string(kMendTable));
  for (const std::string& why : fit.warns)
    findings.warning(what, why, "no row that is refused", std::string(kMendTable));
  if (fit.waits.empty() && fit.warns.empty()) findings.good(what, "fits");
}

class PairCheck {
 public:
  PairCheck(const Side& here, const Side& peer)
      : here_(here), peer_(peer), findings_(fmt::format("{} and {}", here.region, peer.region)) {}

  std::vector<Finding> run() {
    check_identities();
    check_auto_increment();
    check_names();
    check_families();
    for (const auto& [name, table] : here_.facts->tables)
      if (peer_.facts->tables.contains(name)) check_rows_on_both(name);
    std::vector<Finding> found = findings_.take();
    for (const auto& [from, to] : {std::pair(&here_, &peer_), std::pair(&peer_, &here_)})
      if (to->applies) std::ranges::move(check_flow(*from, *to), std::back_inserter(found));
    return found;
  }

 private:
  [[nodiscard]] std::string both(const std::string& a, const std::string& b) const {
    return fmt::format("{}: {}, {}: {}", here_.region, a, peer_.region, b);
  }

  void check_identities() {
    const mysql::ServerInfo& here = here_.facts->server;
    const mysql::ServerInfo& peer = peer_.facts->server;
    findings_.check(here.uuid != peer.uuid, "server identity", both(here.uuid, peer.uuid), "two servers",
                    "correct database.address of one of the two files: both name one server");
    findings_.check(here.server_id != peer.server_id, "server_id",
                    both(std::to_string(here.server_id), std::to_string(peer.server_id)), "different",
                    "SET GLOBAL server_id to another number on one of them, and in its option file");
    if (here.kind != ServerKind::kMariadb || peer.kind != ServerKind::kMariadb) return;
    findings_.check(here.gtid_domain != peer.gtid_domain, "gtid_domain_id",
                    both(std::to_string(here.gtid_domain), std::to_string(peer.gtid_domain)),
                    "a domain of its own for each primary",
                    "SET GLOBAL gtid_domain_id to another number on one of them, and in its option file");
  }

  void check_auto_increment() {
    if (!here_.inserts || !peer_.inserts) return;
    const auto generates = [](const auto& entry) {
      return std::ranges::any_of(entry.second.columns, &mysql::ColumnSchema::auto_increment);
    };
    if (std::ranges::none_of(here_.facts->tables, generates) && std::ranges::none_of(peer_.facts->tables, generates)) {
      findings_.good("auto_increment", "no captured table has one");
      return;
    }
    const std::uint64_t step = number(here_.facts->server, "auto_increment_increment");
    const std::uint64_t peer_step = number(peer_.facts->server, "auto_increment_increment");
    const std::uint64_t offset = number(here_.facts->server, "auto_increment_offset");
    const std::uint64_t peer_offset = number(peer_.facts->server, "auto_increment_offset");
    const bool apart = step == peer_step && step >= 2 && offset % step != peer_offset % step;
    findings_.check(apart, "auto_increment_increment/offset",
                    both(fmt::format("{}/{}", step, offset), fmt::format("{}/{}", peer_step, peer_offset)),
                    "one increment, at least the number of regions that insert, and an offset for each region",
                    "SET GLOBAL auto_increment_increment = 2, auto_increment_offset = 1 on one and 2 on the other, and "
                    "in their option files");
  }

  void check_names() {
    const std::string here(here_.facts->server.variable("lower_case_table_names"));
    const std::string peer(peer_.facts->server.variable("lower_case_table_names"));
    findings_.check(here == peer, "lower_case_table_names", both(here, peer), "equal",
                    "initialise one of the servers with the other's value: it cannot be changed later");
  }

  // Where both log cascades, children go row by row, and the two end equal whoever is first. Where a target repeats
  // them, what was put under the parent meanwhile goes there alone, also where the parent was made again.
  void check_families() {
    if (!here_.inserts || !peer_.inserts) return;
    std::set<std::string> unlogged;  // regions
    std::set<std::string> children;
    for (const Side* const side : {&here_, &peer_}) {
      if (capture::logs_cascades(side->facts->server)) continue;
      for (const mysql::ForeignKey& key : side->facts->keys) {
        if (!ties_captured(*side->facts, key)) continue;
        unlogged.insert(side->region);
        children.insert(child_of(key));
      }
    }
    if (children.empty()) return;
    findings_.warning(
        "foreign keys that cascade",
        fmt::format("the server of {} does not log what they change; children: {}", fmt::join(unlogged, " and of "),
                    store::some_of(children)),
        "a parent and its children are written in one region",
        "keep it so (docs/operating/changing-tables.md, One writer a row): of a child that one region puts under a "
        "parent which the other deletes within the lag, no gate tells");
  }

  static std::vector<Finding> check_flow(const Side& source, const Side& target) {
    Findings findings(fmt::format("{} to {}", source.region, target.region));
    for (const auto& [name, table] : source.facts->tables) {
      const auto there = target.facts->tables.find(name);
      if (there == target.facts->tables.end()) {
        findings.mend("table " + name, "does not exist here", "on both sides",
                      fmt::format("create it in {}: its partition waits until then", target.region));
        continue;
      }
      check_rows(findings, *source.facts, table, *target.facts, there->second, target.apply_user);
      check_types(findings, table, there->second);
    }
    return findings.take();
  }

  /// What binding takes, value by value.
  static void check_types(Findings& findings, const mysql::TableSchema& table, const mysql::TableSchema& there) {
    for (const mysql::ColumnSchema& a : table.columns) {
      const mysql::ColumnSchema* const b = there.find(a.name);
      if (b == nullptr || is_same_type(a, *b)) continue;
      findings.warning(fmt::format("table {}.{}: column {}", table.schema, table.name, a.name),
                       fmt::format("{} here, and {} at the source", b->column_type, a.column_type),
                       "the same type: rows with a value that does not fit wait", "ALTER TABLE on one side");
    }
  }

  /// MariaDB's JSON is its LONGTEXT, and its integers show a width.
  static bool is_same_type(const mysql::ColumnSchema& a, const mysql::ColumnSchema& b) {
    const auto type = [](const mysql::ColumnSchema& column) {
      return column.data_type == "json" ? std::string("longtext") : column.data_type;
    };
    const bool is_text = type(a) == "longtext";
    return type(a) == type(b) && a.is_unsigned == b.is_unsigned &&
           (is_text || a.length_characters == b.length_characters) && a.scale == b.scale &&
           (a.data_type != "decimal" || a.precision == b.precision) &&
           ((a.data_type != "enum" && a.data_type != "set") || a.labels() == b.labels());
  }

  void check_rows_on_both(const std::string& name) {
    const bool here = here_.facts->with_rows.contains(name);
    if (here == peer_.facts->with_rows.contains(name)) return;
    findings_.mend(
        "rows of table " + name,
        fmt::format("some in {}, none in {}", here ? here_.region : peer_.region, here ? peer_.region : here_.region),
        "the same rows on both sides: what was there before capture's first start is never sent",
        "copy them (docs/operating/first-copy.md) before the services start; where they run, one may only "
        "be behind: look again");
  }

  const Side& here_;
  const Side& peer_;
  Findings findings_;
};

std::string stream_text(const service::Config& config) {
  std::string out;
  for (const auto& [name, stream] : config.streams) {
    out += fmt::format("{}{} ({} partitions; {})", out.empty() ? "" : ", ", name, stream.partitions,
                       fmt::join(stream.tables, " "));
  }
  return out;
}

std::string rule_text(const service::Config& config) {
  std::string out;
  for (const service::TableRuleConfig& rule : config.tables) {
    out += fmt::format("{}{} stream={} group={} entity={} merge={}", out.empty() ? "" : ", ", rule.match, rule.stream,
                       rule.group, rule.entity, change::to_string(rule.merge));
  }
  return out.empty() ? "none" : out;
}

}  // namespace

std::vector<Finding> check_pair(const Side& here, const Side& peer) { return PairCheck(here, peer).run(); }

std::vector<Finding> check_pair_configs(const service::Config& here, const service::Config& peer) {
  Findings findings(fmt::format("{} and {}", here.region, peer.region));
  findings.check(here.region != peer.region, "region", fmt::format("{} and {}", here.region, peer.region),
                 "two regions", "name another region's file with --peer");
  const auto same = [&](const std::string& what, const std::string& a, const std::string& b) {
    findings.check(a == b, what, a == b ? a : fmt::format("{}: {}; {}: {}", here.region, a, peer.region, b),
                   "the same in every region", fmt::format("make {} of both files equal", what));
  };
  same("streams", stream_text(here), stream_text(peer));
  same("tables", rule_text(here), rule_text(peer));
  for (const service::OriginConfig& origin : here.origins) {
    const service::OriginConfig* other = peer.find_origin(origin.name);
    if (other == nullptr) {
      findings.warning("origin " + origin.name, fmt::format("not in the file of {}", peer.region), "in every file",
                       "add it to origins");
    } else {
      findings.check(
          other->region == origin.region, "origin " + origin.name,
          fmt::format("{}: region {}; {}: region {}", here.region, origin.region, peer.region, other->region),
          "one region", "correct origins in one of the files");
    }
  }
  return findings.take();
}

std::vector<Finding> check_target_tables(const RegionFacts& facts, const std::string& apply_user) {
  Findings findings("database");
  for (const auto& [name, table] : facts.tables) check_rows(findings, facts, table, facts, table, apply_user);
  return findings.take();
}

}  // namespace farshore::ctl
