#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "apply/target_rights.hpp"
#include "base/own_schemas.hpp"
#include "capture/source/source_check.hpp"
#include "mysql/literal.hpp"
#include "services/ctl/preflight_checks.hpp"
#include "services/ctl/sql_script.hpp"

namespace farshore::ctl {
namespace {

constexpr std::uint64_t kPacketBytes = 32ULL * 1024 * 1024;  ///< an 8 MiB row as an escaped literal, and room

bool is_on(std::string_view value) { return value == "ON" || value == "1"; }

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
  std::vector<std::string> missing = farshore_tables();
  std::erase_if(missing, [&](const std::string& table) {
    return std::ranges::find(facts.farshore_tables, table) != facts.farshore_tables.end();
  });
  findings.check(missing.empty(), "farshore schema",
                 missing.empty() ? "present" : fmt::format("without {}", fmt::join(missing, ", ")), "all its tables",
                 "farshorectl init");
}

void check_grant(Findings& findings, const mysql::Grants& grants, std::string_view service, std::string_view privilege,
                 const std::string& schema) {
  const bool good = schema.empty() ? grants.has(privilege) : grants.has(privilege, schema);
  const std::string on = schema.empty() ? "*.*" : mysql::quote_identifier(schema) + ".*";
  findings.check(good, fmt::format("account of {}: {} on {}", service, privilege, on), good ? "granted" : "not granted",
                 "granted", fmt::format("GRANT {} ON {} TO {}", privilege, on, grants.account()));
}

}  // namespace

std::vector<Finding> check_apply_settings(const service::Config& config) {
  Findings findings("configuration");
  if (config.apply.origins.empty()) return findings.take();
  if (config.apply.look_at == change::LookAt::kSample) {
    findings.warning(
        "apply.look_at",
        "sample: a row a second and table is compared. Not seen is that two regions have updated one row, nor that "
        "changes of one row that came from two origins were applied in the wrong order: the gate stays open then",
        "all: every row is compared before it is written, for about a tenth of apply's rate",
        "apply.look_at: all, and restart apply");
  } else {
    findings.good("apply.look_at", "all");
  }
  return findings.take();
}

std::vector<Finding> check_comparisons(const service::Config& config, const std::vector<store::Comparison>& recorded) {
  Findings findings("database");
  if (config.gate.bounds.max_comparison_age == std::chrono::milliseconds::zero()) return findings.take();
  for (const std::string& origin : config.apply.origins) {
    for (const std::string& stream : std::views::keys(config.streams)) {
      const std::string what = fmt::format("recorded comparison with origin {}, stream {}", origin, stream);
      const bool is_recorded = std::ranges::any_of(
          recorded, [&](const store::Comparison& one) { return one.origin == origin && one.stream == stream; });
      if (is_recorded) {
        findings.good(what, "there");
      } else {
        findings.warning(what, "none", "one: with gate.bounds.max_comparison_age the gate is closed until then",
                         "farshorectl compare --peer FILE --record --why TEXT --execute");
      }
    }
  }
  return findings.take();
}

std::vector<Finding> check_apply_grants(const mysql::Grants& grants, ServerKind kind,
                                        const std::set<std::string>& schemas) {
  Findings findings("database");
  for (const apply::TargetRight& right : apply::target_rights(grants, kind, schemas)) {
    if (right.granted) {
      findings.good(right.name(), "granted");
    } else if (right.is_needed_at_start) {
      findings.mend(right.name(), "not granted", "granted", right.mend);
    } else {
      findings.warning(right.name(), "not granted", "granted: apply runs without it, and the tables that need it wait",
                       right.mend);
    }
  }
  return findings.take();
}

std::vector<Finding> check_ctl_grants(const mysql::Grants& grants, ServerKind kind,
                                      const std::set<std::string>& schemas) {
  Findings findings("database");
  for (const std::string_view privilege : {"CREATE", "SELECT", "INSERT", "UPDATE", "DELETE"})
    check_grant(findings, grants, "farshorectl", privilege, std::string(kOwnSchema));
  for (const std::string& schema : schemas)
    for (const std::string_view privilege : {"SELECT", "TRIGGER"})
      check_grant(findings, grants, "farshorectl", privilege, schema);
  check_grant(findings, grants, "farshorectl", kind == ServerKind::kMysql ? "REPLICATION CLIENT" : "BINLOG MONITOR",
              "");
  return findings.take();
}

std::vector<Finding> check_gate_grants(const mysql::Grants& grants) {
  Findings findings("database");
  check_grant(findings, grants, "gate", "SELECT", std::string(kOwnSchema));
  return findings.take();
}

std::vector<Finding> check_target(const RegionFacts& facts, bool captures_here) {
  Findings findings("database");
  check_server(findings, facts, captures_here);
  check_farshore_schema(findings, facts);
  for (const Unanswered& question : facts.unanswered) {
    findings.mend(question.what, fmt::format("not answered to farshorectl's account: {}", question.error.to_string()),
                  "an answer", "give the account its rights (docs/operating/grants.md), or mend what the server says");
  }
  findings.good("captured tables", std::to_string(facts.tables.size()));
  return findings.take();
}

}  // namespace farshore::ctl
