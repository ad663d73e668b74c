#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "capture/resume/topic_setup.hpp"
#include "change/table_rules.hpp"
#include "kafka/producer.hpp"
#include "kafka/settings.hpp"
#include "services/config/config.hpp"
#include "services/process/arguments.hpp"

namespace farshore::capture {

/// Everything that a session needs to know, from the configuration and the command line.
struct CaptureSettings {
  std::string origin;
  DatabaseEndpoint source;
  std::uint32_t server_id = 0;  ///< capture's own among the source's replicas
  kafka::ClusterSettings cluster;
  kafka::ProducerLimits producer;
  TopicSettings topics;
  change::TableRules rules;                    ///< as configured, without cascade groups
  std::vector<std::string> foreign_servers;    ///< see ServerRoles
  std::vector<std::string> allowed_upstreams;  ///< see check_replication()
  std::string region;                          ///< the source's
  std::vector<DatabaseEndpoint> replicas;      ///< of the source, which may be promoted
  std::string from = "end";                    ///< "end", "earliest" or a position; only for a first start
  bool from_is_asked_for = false;
  bool rebuild_checkpoint = false;
  std::size_t batch_bytes = 64U << 10;
  std::chrono::milliseconds batch_linger{5};
  std::size_t row_bytes_max = 8U << 20;
  std::uint32_t event_bytes_max = 64U << 20;
  std::chrono::milliseconds watermark_interval{1000};
  std::chrono::milliseconds checkpoint_interval{1000};
  std::chrono::milliseconds heartbeat_interval{1000};
  std::chrono::milliseconds source_timeout{5000};
};

/// The origin that this process captures: the one that was asked for, or the region's only one. Throws
/// EnvironmentError.
[[nodiscard]] const service::OriginConfig& choose_origin(const service::Config& config,
                                                         const service::CaptureArguments& arguments);

/// What a session needs of the configuration. Throws EnvironmentError.
[[nodiscard]] CaptureSettings capture_settings(const service::Config& config,
                                               const service::CaptureArguments& arguments);

}  // namespace farshore::capture
