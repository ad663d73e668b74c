#pragma once

#include <string>

#include "change/table_rules.hpp"
#include "kafka/settings.hpp"
#include "services/config/config.hpp"

/// The configuration as the libraries take it.
namespace farshore::service {

/// The region's cluster, for a service: librdkafka's own lines go to the log.
[[nodiscard]] kafka::ClusterSettings cluster_settings(const Config& config, const std::string& client_id);
/// The same for a command: its one sentence says enough.
[[nodiscard]] kafka::ClusterSettings quiet_cluster_settings(const Config& config, const std::string& client_id);

/// Throws EnvironmentError when the rules contradict one another.
[[nodiscard]] change::TableRules table_rules(const Config& config);

}  // namespace farshore::service
