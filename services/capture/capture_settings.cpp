#include "services/capture/capture_settings.hpp"

#include <fmt/format.h>

#include "base/environment_error.hpp"
#include "capture/resume/source_start.hpp"
#include "services/config/endpoints.hpp"
#include "services/process/library_settings.hpp"

namespace farshore::capture {

namespace {

std::string_view compression_name(service::Compression compression) {
  switch (compression) {
    case service::Compression::kNone: return "none";
    case service::Compression::kLz4: return "lz4";
    case service::Compression::kZstd: return "zstd";
  }
  return "lz4";
}

}  // namespace

const service::OriginConfig& choose_origin(const service::Config& config, const service::CaptureArguments& arguments) {
  const auto own = config.own_origins();
  std::string names;
  for (const auto* origin : own) names += (names.empty() ? "" : ", ") + origin->name;
  if (arguments.origin) {
    for (const auto* origin : own)
      if (origin->name == *arguments.origin) return *origin;
    throw EnvironmentError(fmt::format("--origin is {}; region {} has these origins: {}", *arguments.origin,
                                       config.region, names.empty() ? "none" : names),
                           ExitCode::kUsage);
  }
  if (own.size() == 1) return *own.front();
  if (own.empty())
    throw EnvironmentError(fmt::format("origins in {} has none of region {}: capture needs one, with its address",
                                       config.file.string(), config.region));
  throw EnvironmentError(
      fmt::format("region {} has several origins ({}): say with --origin which one to capture", config.region, names),
      ExitCode::kUsage);
}

CaptureSettings capture_settings(const service::Config& config, const service::CaptureArguments& arguments) {
  const service::OriginConfig& origin = choose_origin(config, arguments);
  const std::string from = arguments.from.value_or("end");
  if (!parse_start(from))
    throw EnvironmentError(fmt::format("--from is {}; it takes end, earliest, or a GTID position", from),
                           ExitCode::kUsage);
  CaptureSettings settings{
      .origin = origin.name,
      .source = service::origin_endpoint(origin),
      .server_id = static_cast<std::uint32_t>(origin.server_id),
      .cluster = service::cluster_settings(config, "farshore-capture-" + origin.name),
      .producer = {.queue_bytes = config.capture.queue_bytes,
                   .compression = std::string(compression_name(config.capture.compression))},
      .topics = {.replication = static_cast<std::int32_t>(config.kafka.replication_factor), .retention = {}},
      .rules = service::table_rules(config),
      .foreign_servers = origin.foreign_servers,
      .allowed_upstreams = origin.allowed_upstreams(),
      .region = config.region,
      .replicas = service::replica_endpoints(origin),
      .from = from,
      .from_is_asked_for = arguments.from.has_value(),
      .rebuild_checkpoint = arguments.rebuild_checkpoint,
      .batch_bytes = config.capture.batch_bytes,
      .batch_linger = config.capture.batch_linger,
      .row_bytes_max = config.capture.max_row_bytes,
      .event_bytes_max = static_cast<std::uint32_t>(config.capture.max_event_bytes),
      .watermark_interval = config.capture.watermark_interval,
      .checkpoint_interval = config.capture.checkpoint_interval,
      .heartbeat_interval = config.capture.heartbeat_interval,
      .source_timeout = config.capture.source_timeout,
  };
  settings.rules.set_own_servers(origin.own_servers);
  for (const auto& [name, stream] : config.streams) settings.topics.retention[name] = stream.retention;
  return settings;
}

}  // namespace farshore::capture
