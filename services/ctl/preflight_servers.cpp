#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/environment_error.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/resume/topic_setup.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/replica_watch.hpp"
#include "capture/source/replication_check.hpp"
#include "capture/source/source_check.hpp"
#include "capture/source/source_reading.hpp"
#include "kafka/admin.hpp"
#include "mysql/grants.hpp"
#include "mysql/server_info.hpp"
#include "services/config/endpoints.hpp"
#include "services/ctl/preflight_checks.hpp"
#include "services/process/database_error.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"

namespace farshore::ctl {
namespace {

constexpr std::chrono::seconds kKafkaTimeout{10};

void add(Findings& findings, const capture::CheckResult& result) {
  switch (result.severity) {
    case capture::CheckResult::Severity::kGood: return findings.good(result.name, result.found);
    case capture::CheckResult::Severity::kWarning:
      return findings.warning(result.name, result.found, result.wanted, result.mend);
    case capture::CheckResult::Severity::kError:
      return findings.mend(result.name, result.found, result.wanted, result.mend);
  }
}

std::unique_ptr<kafka::Admin> open_admin(const service::Config& config) {
  auto admin = kafka::Admin::create(service::quiet_cluster_settings(config, "farshorectl"));
  if (!admin) throw service::kafka_error("connecting", config.kafka, admin.error());
  return std::move(*admin);
}

/// An unreachable server ends preflight with its exit code; what else an account cannot do is a finding.
void note_refusal(Findings& findings, const std::string& what, const EnvironmentError& error) {
  if (error.code() == ExitCode::kUnreachable) throw error;
  findings.mend(what, without_full_stop(error.what()), "an account that can log in", "mend what was found");
}

/// While one of them takes writes, or cannot be asked, capture gives no watermark.
void check_replicas(Findings& findings, const service::OriginConfig& origin) {
  for (const DatabaseEndpoint& endpoint : service::replica_endpoints(origin)) {
    const std::string name = "replica " + endpoint.to_string();
    std::optional<mysql::Connection> connection;
    const auto answer = capture::ask_read_only(endpoint, connection);
    if (!answer) {
      findings.mend(name, answer.error().message, "a server that answers capture's account",
                    "mend that, or take it out of the origin's replicas");
      continue;
    }
    findings.check(capture::is_read_only(*answer), name, "read_only is " + *answer, "read_only is ON",
                   "SET GLOBAL read_only = ON there, or take it out of the origin's replicas");
  }
}

std::vector<Finding> check_source(const service::Config& config, const service::OriginConfig& origin,
                                  std::set<std::string>& schemas) {
  const std::string where = "source " + origin.name;
  Findings findings(where);
  const DatabaseEndpoint endpoint = service::origin_endpoint(origin);
  auto connection = mysql::Connection::open(endpoint, {});
  if (!connection) {
    note_refusal(findings, "capture's account",
                 service::database_error("origin " + origin.name, endpoint, connection.error()));
    return findings.take();
  }
  const auto failed = [&](const mysql::SqlError& error) {
    note_refusal(findings, "capture's account", service::database_error("origin " + origin.name, endpoint, error));
    return findings.take();
  };
  const auto server = mysql::read_server_info(*connection);
  if (!server) return failed(server.error());
  const change::TableRules rules = service::table_rules(config);
  auto results = capture::check_source(
      *connection, *server, {.rules = rules, .capture_server_id = static_cast<std::uint32_t>(origin.server_id)});
  if (!results) return failed(results.error());
  auto replication = capture::look_at_replication(*connection, server->kind, origin.allowed_upstreams());
  if (!replication) return failed(replication.error());
  results->push_back(std::move(*replication));
  for (const capture::CheckResult& result : *results) add(findings, result);
  check_replicas(findings, origin);
  const auto tables = capture::read_tables(*connection);
  if (!tables) return failed(tables.error());
  for (const capture::TableFacts& table : *tables)
    if (rules.route(table.schema, table.name).captured) schemas.insert(table.schema);
  if (capture::logs_cascades(*server)) return findings.take();
  const auto keys = capture::read_cascades(*connection, [] { return true; });
  if (!keys) return failed(keys.error());
  std::vector<capture::Cascade> told;  // a table may have several keys to one parent
  for (const capture::CascadingKey& key : *keys) {
    if (!capture::is_unrepeated(key.tie, rules) || std::ranges::find(told, key.tie) != told.end()) continue;
    told.push_back(key.tie);
    add(findings, capture::check_cascade(key.tie));
  }
  return findings.take();
}

class KafkaCheck {
 public:
  explicit KafkaCheck(const service::Config& config) : config_(config), findings_("kafka") {}

  std::vector<Finding> run() {
    admin_ = open_admin(config_);
    if (!config_.own_origins().empty()) check_cluster();
    capture::TopicSettings topics{.replication = static_cast<std::int32_t>(config_.kafka.replication_factor),
                                  .retention = {}};
    for (const auto& [name, stream] : config_.streams) topics.retention[name] = stream.retention;
    for (const service::OriginConfig* origin : config_.own_origins()) {
      for (const auto& [name, stream] : config_.streams)
        check_own(
            capture::change_topic_spec(origin->name, name, static_cast<std::uint32_t>(stream.partitions), topics));
      check_own(capture::checkpoint_topic_spec(origin->name, topics));
    }
    for (const std::string& origin : config_.apply.origins) {
      for (const auto& [name, stream] : config_.streams) check_mirrored(capture::change_topic(origin, name), stream);
    }
    return findings_.take();
  }

 private:
  void check_cluster() {
    const auto cluster = admin_->describe_cluster(kKafkaTimeout);
    if (!cluster) return note(cluster.error(), "the cluster");
    for (auto& result : capture::check_cluster(*cluster, static_cast<std::int32_t>(config_.kafka.replication_factor)))
      add(findings_, result);
  }

  /// What is not answered to this client is a finding; brokers that are away end the check.
  void note(const kafka::KafkaError& error, const std::string& what) {
    const EnvironmentError sentence = service::kafka_error("looking up " + what, config_.kafka, error);
    if (sentence.code() == ExitCode::kUnreachable) throw sentence;
    findings_.mend(what, without_full_stop(sentence.what()), "an answer", "mend what was found");
  }

  enum class Topic : std::uint8_t { kThere, kLacking, kUnknown };
  Topic describe(const std::string& topic, kafka::TopicDescription& description) {
    auto found = admin_->describe_topic(topic, kKafkaTimeout);
    if (found) {
      description = std::move(*found);
      return Topic::kThere;
    }
    if (found.error().kind == kafka::KafkaError::Kind::kUnknownTopic) return Topic::kLacking;
    note(found.error(), "topic " + topic);
    return Topic::kUnknown;
  }

  void setting(const std::string& topic, const std::string& name, const std::string& found, const std::string& wanted) {
    findings_.check(found == wanted, fmt::format("topic {}: {}", topic, name), found, wanted,
                    "change the topic with kafka-configs or kafka-topics, or the configuration");
  }

  static std::string config_of(const kafka::TopicDescription& topic, const std::string& name) {
    const auto found = topic.configs.find(name);
    return found == topic.configs.end() ? "" : found->second;
  }

  /// A topic that capture makes, judged as its start judges it.
  void check_own(const kafka::TopicSpec& wanted) {
    kafka::TopicDescription topic;
    const Topic found = describe(wanted.name, topic);
    if (found == Topic::kLacking) findings_.good("topic " + wanted.name, "not there yet: capture creates it");
    if (found != Topic::kThere) return;
    const capture::TopicVerdict verdict = capture::judge_topic(wanted, topic);
    for (const auto& list : {verdict.refused, verdict.weaker})
      for (const auto& mismatch : list)
        findings_.mend(fmt::format("topic {}: {}", wanted.name, mismatch.setting), mismatch.found, mismatch.wanted,
                       capture::mend_command(wanted.name, {mismatch}));
    if (verdict.refused.empty() && verdict.weaker.empty())
      findings_.good("topic " + wanted.name, "as capture makes it");
  }

  void check_mirrored(const std::string& name, const service::StreamConfig& stream) {
    kafka::TopicDescription topic;
    const Topic found = describe(name, topic);
    if (found == Topic::kLacking) {
      findings_.warning("topic " + name, "not there", "mirrored from its region",
                        "start the origin's capture and the mirror");
    }
    if (found != Topic::kThere) return;
    setting(name, "partitions", std::to_string(topic.partitions), std::to_string(stream.partitions));
    setting(name, "cleanup.policy", config_of(topic, "cleanup.policy"), "delete");
  }

  const service::Config& config_;
  Findings findings_;
  std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace

std::vector<Finding> check_sources(const service::Config& config, std::set<std::string>& schemas) {
  std::vector<Finding> all;
  for (const service::OriginConfig* origin : config.own_origins()) {
    std::vector<Finding> some = check_source(config, *origin, schemas);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<Finding> check_accounts(const service::Config& config, const std::set<std::string>& schemas) {
  std::vector<Finding> all;
  const auto look_at = [&](const std::string& name, const service::AccountConfig& account, auto check_grants) {
    Findings findings("database");
    const std::string what = fmt::format("account of {}", name);
    try {
      const DatabaseEndpoint endpoint = service::database_endpoint(config.database, account);
      const auto fail = [&](const mysql::SqlError& error) {
        throw service::database_error("database.accounts." + name, endpoint, error);
      };
      auto connection = mysql::Connection::open(endpoint, {});
      if (!connection) fail(connection.error());
      findings.good(what, "logs in as " + account.user);
      const auto server = mysql::read_server_info(*connection);
      if (!server) fail(server.error());
      const auto grants = mysql::Grants::read(*connection);
      if (!grants) fail(grants.error());
      std::ranges::move(check_grants(*grants, server->kind), std::back_inserter(all));
    } catch (const EnvironmentError& error) {
      note_refusal(findings, what, error);
    }
    std::ranges::move(findings.take(), std::back_inserter(all));
  };
  look_at("ctl", config.database.accounts.ctl,
          [&](const mysql::Grants& grants, ServerKind kind) { return check_ctl_grants(grants, kind, schemas); });
  if (config.apply.origins.empty()) return all;
  look_at("apply", config.database.accounts.apply,
          [&](const mysql::Grants& grants, ServerKind kind) { return check_apply_grants(grants, kind, schemas); });
  look_at("gate", config.database.accounts.gate,
          [](const mysql::Grants& grants, ServerKind) { return check_gate_grants(grants); });
  return all;
}

std::vector<Finding> check_kafka(const service::Config& config) { return KafkaCheck(config).run(); }

std::vector<Finding> check_kafka_pair(const service::Config& here, const service::Config& peer) {
  Findings findings(fmt::format("{} and {}", here.region, peer.region));
  const auto cluster_of = [](const service::Config& config) {
    auto cluster = open_admin(config)->describe_cluster(kKafkaTimeout);
    if (!cluster) throw service::kafka_error("looking up the cluster", config.kafka, cluster.error());
    return cluster->id;
  };
  const std::string own = cluster_of(here);
  try {
    const std::string other = cluster_of(peer);
    findings.check(own != other, "Kafka clusters", fmt::format("{}: {}, {}: {}", here.region, own, peer.region, other),
                   "one in each region",
                   "correct kafka.bootstrap of one of the two files: both name one cluster, and nothing would be left "
                   "where a region is lost");
  } catch (const EnvironmentError& error) {
    findings.warning("Kafka clusters", without_full_stop(error.what()), "an answer of both",
                     fmt::format("see that kafka.bootstrap of {} names a cluster of its own", peer.region));
  }
  return findings.take();
}

}  // namespace farshore::ctl
