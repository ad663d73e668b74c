#include "services/process/library_settings.hpp"

#include <fmt/format.h>

#include "base/environment_error.hpp"
#include "services/telemetry/log.hpp"

namespace farshore::service {
namespace {

LogLevel level_of(kafka::LogLevel level) {
  switch (level) {
    case kafka::LogLevel::kDebug: return LogLevel::kDebug;
    case kafka::LogLevel::kInfo: return LogLevel::kInfo;
    case kafka::LogLevel::kWarning: return LogLevel::kWarn;
    case kafka::LogLevel::kError: return LogLevel::kError;
  }
  return LogLevel::kInfo;
}

}  // namespace

kafka::ClusterSettings quiet_cluster_settings(const Config& config, const std::string& client_id) {
  return {
      .bootstrap = config.kafka.bootstrap, .client_id = client_id, .properties = config.kafka.properties, .log = {}};
}

kafka::ClusterSettings cluster_settings(const Config& config, const std::string& client_id) {
  kafka::ClusterSettings settings = quiet_cluster_settings(config, client_id);
  settings.log = [](kafka::LogLevel level, std::string_view line) {
    log(level_of(level), line, {{"from", "librdkafka"}});
  };
  return settings;
}

change::TableRules table_rules(const Config& config) {
  std::vector<change::StreamRule> streams;
  for (const auto& [name, stream] : config.streams) {
    streams.push_back(
        {.name = name, .tables = stream.tables, .partitions = static_cast<std::uint32_t>(stream.partitions)});
  }
  std::vector<change::TableRule> rules;
  for (const TableRuleConfig& rule : config.tables) {
    rules.push_back({.match = rule.match,
                     .stream = rule.stream,
                     .group = rule.group,
                     .entity = rule.entity,
                     .merge = rule.merge,
                     .on_mismatch = rule.on_mismatch});
  }
  auto made = change::TableRules::make(std::move(streams), std::move(rules));
  if (!made) throw EnvironmentError(fmt::format("{}: {}", config.file.string(), made.error()), ExitCode::kUsage);
  return std::move(*made);
}

}  // namespace farshore::service
