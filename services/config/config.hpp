#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "change/merge_rule.hpp"

/// What one region's file says, whole: every service reads all of it. The members' initialisers are the defaults;
/// config_declaration.cpp gives each its key, bounds and description. Plain values: nothing here is looked up later.
namespace farshore::service {

/// "host:port".
struct Address {
  std::string host;
  std::uint16_t port = 0;  ///< 0 in a listen address: one that the system chooses

  [[nodiscard]] bool empty() const { return host.empty(); }
  [[nodiscard]] std::string to_string() const;
};

/// The password is never kept here: read_password() (endpoints.hpp) fetches it for the service that needs it.
struct AccountConfig {
  std::string user;
  std::string password_file;
  std::string password_env;
};

struct DatabaseAccounts {
  AccountConfig apply{.user = "farshore_apply", .password_file = "", .password_env = ""};
  AccountConfig gate{.user = "farshore_gate", .password_file = "", .password_env = ""};
  AccountConfig ctl{.user = "farshore_ctl", .password_file = "", .password_env = ""};
};

/// The region's own database: apply's target and the gate's evidence.
struct DatabaseConfig {
  Address address{.host = "127.0.0.1", .port = 3306};
  std::string socket;
  TlsSettings tls;
  DatabaseAccounts accounts;
};

struct KafkaConfig {
  std::string bootstrap = "127.0.0.1:9092";
  std::uint64_t replication_factor = 3;
  std::map<std::string, std::string> properties;  ///< librdkafka's own, passed on
};

/// One primary whose changes are captured. Of another region's origin only name and region are needed.
struct OriginConfig {
  std::string name;
  std::string region;
  Address address;
  std::string socket;
  TlsSettings tls;
  AccountConfig account{.user = "farshore_capture", .password_file = "", .password_env = ""};
  std::vector<std::string> replicas;         ///< host:port of its replicas, which may be promoted
  std::uint64_t server_id = 0;               ///< capture's own, unique among the source's replicas; 0: not given
  std::vector<std::string> own_servers;      ///< others whose transactions are its own: UUIDs (MySQL), ids (MariaDB)
  std::vector<std::string> foreign_servers;  ///< those that it may replicate from; their transactions are left out

  /// All servers that it may replicate from.
  [[nodiscard]] std::vector<std::string> allowed_upstreams() const;
};

struct StreamConfig {
  std::vector<std::string> tables{"*.*"};  ///< "schema.table" with * and ?
  std::uint64_t partitions = 8;
  std::chrono::milliseconds retention = std::chrono::days{7};
};

struct TableRuleConfig {
  std::string match;   ///< "schema.table" with * and ?
  std::string stream;  ///< empty: the first stream whose tables match
  std::string group;   ///< order group; empty: none
  std::string entity;  ///< column that is hashed instead of the key; empty: none
  change::MergeRule merge = change::MergeRule::kOverwrite;
  change::OnMismatch on_mismatch = change::OnMismatch::kClose;
  std::map<std::string, std::string> home;  ///< kept for the home rules of a later version
};

enum class Compression : std::uint8_t { kNone, kLz4, kZstd };

struct CaptureConfig {
  std::uint64_t batch_bytes = 64ULL * 1024;
  std::chrono::milliseconds batch_linger{5};
  std::uint64_t queue_bytes = 16ULL * 1024 * 1024;
  Compression compression = Compression::kLz4;
  std::chrono::milliseconds watermark_interval{1000};
  std::chrono::milliseconds checkpoint_interval{1000};
  std::uint64_t max_row_bytes = 8ULL * 1024 * 1024;
  std::uint64_t max_event_bytes = 64ULL * 1024 * 1024;
  std::chrono::milliseconds heartbeat_interval{1000};  ///< the source's sign of life while nothing changes
  std::chrono::milliseconds source_timeout{5000};      ///< silence after which the connection counts as lost
};

struct ApplyConfig {
  std::vector<std::string> origins;  ///< the origins that are applied here, and that the gate judges
  std::uint64_t workers = 4;
  std::uint64_t work_set_rows = 2000;
  std::uint64_t work_set_bytes = 4ULL * 1024 * 1024;
  std::chrono::milliseconds work_set_linger{5};
  std::uint64_t queue_bytes = 2ULL * 1024 * 1024;   ///< fetched from Kafka and not yet in a work set
  std::uint64_t group_transaction_rows = 100'000;   ///< an order group's transaction above this may be split
  std::uint64_t parked_rows_max = 10'000;           ///< per partition; at the bound the partition waits
  std::string group;                                ///< empty: "farshore.apply.<region>"
  std::chrono::milliseconds session_timeout{6000};  ///< Kafka group membership
  change::LookAt look_at = change::LookAt::kAll;
  std::chrono::milliseconds retry_interval{10'000};  ///< how often holes, parked rows and waiting schemas are tried
};

struct GateBounds {
  std::chrono::milliseconds max_age{10'000};         ///< how old safe time may be
  std::chrono::milliseconds max_evidence_age{3000};  ///< how old the last good reading of the progress table may be
  std::chrono::milliseconds max_clock_skew{2000};    ///< how far safe time may lie in this clock's future
  std::chrono::milliseconds max_comparison_age{};  ///< how long ago the last comparison may have begun; zero: any time
};

struct GateConfig {
  GateBounds bounds;
  std::chrono::milliseconds poll_interval{500};
};

struct HttpConfig {
  Address capture{.host = "127.0.0.1", .port = 8471};
  Address apply{.host = "127.0.0.1", .port = 8472};
  Address gate{.host = "127.0.0.1", .port = 8473};
  std::string token_file;  ///< empty: nothing that changes state is served
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kJson, kText };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
};

struct Config {
  std::filesystem::path file;  ///< where it was read from
  std::string region;
  DatabaseConfig database;
  KafkaConfig kafka;
  std::vector<OriginConfig> origins;
  std::map<std::string, StreamConfig> streams{{"main", StreamConfig{}}};
  std::vector<TableRuleConfig> tables;
  CaptureConfig capture;
  ApplyConfig apply;
  GateConfig gate;
  HttpConfig http;
  LogConfig log;

  /// The origin of that name, or nullptr.
  [[nodiscard]] const OriginConfig* find_origin(const std::string& name) const;
  /// The origins of this region: what its capture may capture.
  [[nodiscard]] std::vector<const OriginConfig*> own_origins() const;
  /// Kafka consumer group of apply.
  [[nodiscard]] std::string apply_group() const;
};

/// Which of the services a configuration is to serve.
enum class ServiceKind : std::uint8_t { kCapture, kApply, kGate };

/// What one service needs beyond a well-formed file: an origin to capture, origins to apply. Throws EnvironmentError.
void check_config_for(const Config& config, ServiceKind service);

/// Reads and checks the whole file. Throws EnvironmentError: one sentence with path, line, what was found and wanted.
[[nodiscard]] Config load_config(const std::filesystem::path& file);

/// The same of a text; `file` is only what error sentences name.
[[nodiscard]] Config parse_config(const std::string& yaml, const std::filesystem::path& file);

}  // namespace farshore::service
