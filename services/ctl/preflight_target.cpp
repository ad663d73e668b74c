#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "capture/source_check.hpp"
#include "ctl/preflight_checks.hpp"
#include "mysql/literal.hpp"

namespace farshore::ctl {
namespace {

constexpr std::array<std::string_view, 7> kFarshoreTables{"channel_offset", "conflict", "equality", "home",
                                                          "parked",         "progress", "statement"};
constexpr std::uint64_t kPacketBytes = 32ULL * 1024 * 1024;  ///< an 8 MiB row as an escaped literal, and room

bool is_on(std::string_view value) { return value == "ON" || value == "1"; }

bool is_transactional(std::string_view engine) {
  return engine == "InnoDB" || engine == "ROCKSDB" || engine == "ndbcluster";
}

void check_server(Findings& findings, const RegionFacts& facts, bool captures_here) {
  const mysql::ServerInfo& server = facts.server;
  findings.good("server", fmt::format("{} {}", to_string(server.kind), server.version));
  findings.check(!server.read_only, "read_only", server.read_only ? "ON" : "OFF", "OFF: apply writes here",
                 "SET GLOBAL read_only = OFF");
  const std::string_view packet = server.variable("max_allowed_packet");
  const std::uint64_t packet_bytes = std::strtoull(std::string(packet).c_str(), nullptr, 10);
  if (packet_bytes < kPacketBytes) {
    findings.warning("max_allowed_packet", std::string(packet), fmt::format("at least {}", kPacketBytes),
                     fmt::format("SET GLOBAL max_allowed_packet = {}, and in the server's option file", kPacketBytes));
  } else {
    findings.good("max_allowed_packet", std::string(packet));
  }
  for (const std::string_view name : {"innodb_flush_log_at_trx_commit", "sync_binlog"}) {
    const std::string value(server.variable(name));
    if (value == "1") {
      findings.good(std::string(name), value);
    } else {
      findings.warning(std::string(name), value, "1: what is acknowledged survives a power cut",
                       fmt::format("SET GLOBAL {} = 1, and in the server's option file", name));
    }
  }
  if (!captures_here) return;
  findings.check(is_on(server.variable("log_bin")), "log_bin", std::string(server.variable("log_bin")),
                 "ON: capture knows apply's transactions by their binlog", "start the server with log_bin");
  const capture::CheckResult filter = capture::check_binlog_filter(facts.binlog_filter.value_or(""));
  findings.check(!facts.binlog_filter, filter.name, filter.found, filter.wanted, filter.mend);
}

void check_farshore_schema(Findings& findings, const RegionFacts& facts) {
  std::vector<std::string_view> missing;
  for (const std::string_view table : kFarshoreTables) {
    if (std::ranges::find(facts.farshore_tables, table) == facts.farshore_tables.end()) missing.push_back(table);
  }
  findings.check(missing.empty(), "farshore schema",
                 missing.empty() ? "present" : fmt::format("without {}", fmt::join(missing, ", ")), "all its tables",
                 "farshorectl init");
}

void check_table(Findings& findings, const std::string& name, const TableFacts& table) {
  const std::string what = "table " + name;
  if (!is_transactional(table.engine)) {
    findings.mend(what, "engine " + table.engine, "a transactional engine: a crash would leave half a transaction",
                  fmt::format("ALTER TABLE {} ENGINE=InnoDB", name));
  }
  if (table.key.empty()) {
    findings.mend(what, "without a primary key", "with one: rows cannot be told apart without it",
                  fmt::format("ALTER TABLE {} ADD PRIMARY KEY (...), or leave the table out of every stream", name));
  }
  if (!table.triggers.empty()) {
    findings.mend(what, fmt::format("triggers {}", fmt::join(table.triggers, ", ")),
                  "none: their effects arrive as rows of their own, and would happen twice",
                  "drop them here, or let them do nothing when USER() is apply's account");
  }
  if (!table.guarded_triggers.empty()) {
    findings.warning(what, fmt::format("triggers {}", fmt::join(table.guarded_triggers, ", ")),
                     "that they do nothing when apply writes; they name its account",
                     "nothing, if that is what they do: only their text was looked at");
  }
  if (table.has_second_unique_key) {
    findings.warning(what, "a further unique key", "none, for speed",
                     "nothing is wrong: rows of this table are applied one by one");
  }
}

void check_grant(Findings& findings, const mysql::Grants& grants, std::string_view service, std::string_view privilege,
                 const std::string& schema) {
  const bool good = schema.empty() ? grants.has(privilege) : grants.has(privilege, schema);
  const std::string on = schema.empty() ? "*.*" : mysql::quote_identifier(schema) + ".*";
  findings.check(good, fmt::format("account of {}: {} on {}", service, privilege, on), good ? "granted" : "not granted",
                 "granted", fmt::format("GRANT {} ON {} TO {}", privilege, on, grants.account()));
}

}  // namespace

std::vector<Finding> check_apply_grants(const mysql::Grants& grants, ServerKind kind,
                                        const std::set<std::string>& schemas) {
  Findings findings("database");
  std::set<std::string> written = schemas;
  written.insert("farshore");
  for (const std::string& schema : written) {
    for (const std::string_view privilege : {"SELECT", "INSERT", "UPDATE", "DELETE"}) {
      check_grant(findings, grants, "apply", privilege, schema);
    }
  }
  check_grant(findings, grants, "apply", "REPLICATION SLAVE", "");
  check_grant(findings, grants, "apply", kind == ServerKind::kMysql ? "REPLICATION CLIENT" : "BINLOG MONITOR", "");
  return findings.take();
}

std::vector<Finding> check_gate_grants(const mysql::Grants& grants) {
  Findings findings("database");
  check_grant(findings, grants, "gate", "SELECT", "farshore");
  return findings.take();
}

std::vector<Finding> check_target(const RegionFacts& facts, bool captures_here) {
  Findings findings("database");
  check_server(findings, facts, captures_here);
  check_farshore_schema(findings, facts);
  if (!facts.grants.has("TRIGGER")) {
    findings.mend("triggers", "cannot be seen by farshorectl's account", "to be seen: captured tables may have none",
                  fmt::format("GRANT TRIGGER ON *.* TO {}", facts.grants.account()));
  }
  for (const auto& [name, table] : facts.tables) check_table(findings, name, table);
  findings.good("captured tables", std::to_string(facts.tables.size()));
  return findings.take();
}

}  // namespace farshore::ctl
