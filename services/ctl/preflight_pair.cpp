#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/collation.hpp"
#include "ctl/preflight_checks.hpp"

namespace farshore::ctl {
namespace {

std::uint64_t number(const mysql::ServerInfo& server, std::string_view variable) {
  return std::strtoull(std::string(server.variable(variable)).c_str(), nullptr, 10);
}

/// MariaDB's JSON is its LONGTEXT.
std::string_view comparable_type(std::string_view type) { return type == "json" ? "longtext" : type; }

const ColumnFacts* find_column(const TableFacts& table, std::string_view name) {
  const auto same = [&](const ColumnFacts& column) {
    return std::ranges::equal(column.name, name,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  };
  const auto found = std::ranges::find_if(table.columns, same);
  return found == table.columns.end() ? nullptr : &*found;
}

class PairCheck {
 public:
  PairCheck(const Side& here, const Side& peer)
      : here_(here), peer_(peer), findings_(fmt::format("{} and {}", here.region, peer.region)) {}

  std::vector<Finding> run() {
    check_identities();
    check_auto_increment();
    check_names();
    std::set<std::string> names;
    for (const auto& [name, table] : here_.facts->tables) names.insert(name);
    for (const auto& [name, table] : peer_.facts->tables) names.insert(name);
    for (const std::string& name : names) check_table(name);
    return findings_.take();
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
    const auto generates = [](const auto& entry) { return entry.second.auto_increment; };
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

  void check_table(const std::string& name) {
    const auto here = here_.facts->tables.find(name);
    const auto peer = peer_.facts->tables.find(name);
    const bool is_here = here != here_.facts->tables.end();
    if (!is_here || peer == peer_.facts->tables.end()) {
      findings_.mend(
          "table " + name, fmt::format("only in {}", is_here ? here_.region : peer_.region), "on both sides",
          fmt::format("create it in {}: its partition waits until then", is_here ? peer_.region : here_.region));
      return;
    }
    check_key(name, here->second, peer->second);
    check_columns(name, here->second, peer->second);
    check_cascades(name, here->second, peer->second);
  }

  void check_key(const std::string& name, const TableFacts& here, const TableFacts& peer) {
    const std::string what = fmt::format("table {}: primary key", name);
    if (here.key != peer.key) {
      findings_.mend(
          what, both(fmt::format("({})", fmt::join(here.key, ", ")), fmt::format("({})", fmt::join(peer.key, ", "))),
          "the same columns", "ALTER TABLE on one side");
      return;
    }
    for (const std::string& column : here.key) {
      const ColumnFacts* a = find_column(here, column);
      const ColumnFacts* b = find_column(peer, column);
      if (a != nullptr && b != nullptr) check_key_collation(what, *a, *b);
    }
  }

  void check_key_collation(const std::string& what, const ColumnFacts& here, const ColumnFacts& peer) {
    if (here.collation == peer.collation) return;
    const bool same_equality = collation_is_bytewise(here.collation) && collation_is_bytewise(peer.collation) &&
                               collation_pads(here.collation) == collation_pads(peer.collation);
    if (same_equality) return;
    findings_.mend(fmt::format("{}, column {}", what, here.name), both(here.collation, peer.collation),
                   "the same collation: keys that one side holds apart, the other may hold equal",
                   "give the column one collation that both servers have, such as utf8mb4_bin");
  }

  void check_columns(const std::string& name, const TableFacts& here, const TableFacts& peer) {
    check_columns_of(name, here, peer, peer_.region);
    check_columns_of(name, peer, here, here_.region);
    for (const ColumnFacts& a : here.columns) {
      const ColumnFacts* b = find_column(peer, a.name);
      if (b == nullptr) continue;
      const bool same = comparable_type(a.type) == comparable_type(b->type) && a.is_unsigned == b->is_unsigned &&
                        a.precision == b->precision &&
                        (a.type == "json" || b->type == "json" || a.length_bytes == b->length_bytes);
      if (same) continue;
      const auto text = [](const ColumnFacts& column) {
        return fmt::format("{}{} of {} bytes, precision {}", column.type, column.is_unsigned ? " unsigned" : "",
                           column.length_bytes, column.precision);
      };
      findings_.warning(fmt::format("table {}: column {}", name, a.name), both(text(a), text(*b)),
                        "the same type: a value that does not fit is parked", "ALTER TABLE on one side");
    }
  }

  void check_columns_of(const std::string& name, const TableFacts& from, const TableFacts& to,
                        const std::string& lacking) {
    for (const ColumnFacts& column : from.columns) {
      if (find_column(to, column.name) != nullptr) continue;
      findings_.mend(fmt::format("table {}: column {}", name, column.name), fmt::format("missing in {}", lacking),
                     "on both sides", fmt::format("add it in {}: the partition waits until then", lacking));
    }
  }

  void check_cascades(const std::string& name, const TableFacts& here, const TableFacts& peer) {
    if (here.cascades.empty() == peer.cascades.empty()) return;
    findings_.mend(fmt::format("table {}: cascading foreign keys", name),
                   both(here.cascades.empty() ? "none" : fmt::format("{}", fmt::join(here.cascades, ", ")),
                        peer.cascades.empty() ? "none" : fmt::format("{}", fmt::join(peer.cascades, ", "))),
                   "the same on both sides: a cascade that one side lacks leaves other rows there",
                   "ALTER TABLE on one side");
  }

  const Side& here_;
  const Side& peer_;
  Findings findings_;
};

std::string stream_text(const common::Config& config) {
  std::string out;
  for (const auto& [name, stream] : config.streams) {
    out += fmt::format("{}{} ({} partitions; {})", out.empty() ? "" : ", ", name, stream.partitions,
                       fmt::join(stream.tables, " "));
  }
  return out;
}

std::string rule_text(const common::Config& config) {
  std::string out;
  for (const common::TableRuleConfig& rule : config.tables) {
    out += fmt::format("{}{} stream={} group={} entity={} merge={}", out.empty() ? "" : ", ", rule.match, rule.stream,
                       rule.group, rule.entity, change::to_string(rule.merge));
  }
  return out.empty() ? "none" : out;
}

}  // namespace

std::vector<Finding> check_pair(const Side& here, const Side& peer) { return PairCheck(here, peer).run(); }

std::vector<Finding> check_pair_configs(const common::Config& here, const common::Config& peer) {
  Findings findings(fmt::format("{} and {}", here.region, peer.region));
  findings.check(here.region != peer.region, "region", fmt::format("{} and {}", here.region, peer.region),
                 "two regions", "name another region's file with --peer");
  const auto same = [&](const std::string& what, const std::string& a, const std::string& b) {
    findings.check(a == b, what, a == b ? a : fmt::format("{}: {}; {}: {}", here.region, a, peer.region, b),
                   "the same in every region", fmt::format("make {} of both files equal", what));
  };
  same("streams", stream_text(here), stream_text(peer));
  same("tables", rule_text(here), rule_text(peer));
  for (const common::OriginConfig& origin : here.origins) {
    const common::OriginConfig* other = peer.find_origin(origin.name);
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

}  // namespace farshore::ctl
