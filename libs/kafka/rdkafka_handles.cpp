#include "kafka/rdkafka_handles.hpp"

#include <fmt/format.h>

#include <array>

namespace farshore::kafka {
namespace {

using Kind = KafkaError::Kind;

Kind kind_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: return Kind::kFenced;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return Kind::kTimedOut;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE: return Kind::kUnreachable;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID: return Kind::kFatal;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return Kind::kTooLarge;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return Kind::kUnknownTopic;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__LOG_TRUNCATION:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return Kind::kOffsetOutOfRange;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return Kind::kDenied;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR: return Kind::kBadSetting;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS: return Kind::kRetriable;
    default: return Kind::kOther;
  }
}

LogLevel level_of(int syslog_level) {
  if (syslog_level <= 3) return LogLevel::kError;
  if (syslog_level == 4) return LogLevel::kWarning;
  return syslog_level <= 6 ? LogLevel::kInfo : LogLevel::kDebug;
}

void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* context = static_cast<const LogContext*>(rd_kafka_opaque(client));
  if (context == nullptr || !context->log) return;
  // librdkafka warns of what we set ourselves, each time.
  if (std::string_view(text).contains("enable.gapless.guarantee is experimental")) return;
  context->log(level_of(level), fmt::format("{}: {}", facility, text));
}

}  // namespace

std::string_view to_string(KafkaError::Kind kind) {
  switch (kind) {
    case Kind::kRetriable: return "retriable";
    case Kind::kTimedOut: return "timed out";
    case Kind::kUnreachable: return "unreachable";
    case Kind::kFatal: return "fatal";
    case Kind::kFenced: return "fenced";
    case Kind::kTooLarge: return "too large";
    case Kind::kUnknownTopic: return "unknown topic";
    case Kind::kOffsetOutOfRange: return "offset out of range";
    case Kind::kDenied: return "denied";
    case Kind::kBadSetting: return "bad setting";
    case Kind::kOther: return "other";
  }
  return "";
}

KafkaError make_error(rd_kafka_resp_err_t code, std::string_view what) {
  return {kind_of(code), fmt::format("{}: {}", what, rd_kafka_err2str(code))};
}

KafkaError make_error(const rd_kafka_error_t& error, std::string_view what) {
  KafkaError made{kind_of(rd_kafka_error_code(&error)), fmt::format("{}: {}", what, rd_kafka_error_string(&error))};
  if (made.kind == Kind::kFenced) return made;
  if (rd_kafka_error_is_fatal(&error) != 0) made.kind = Kind::kFatal;
  if (rd_kafka_error_is_retriable(&error) != 0 && made.kind == Kind::kOther) made.kind = Kind::kRetriable;
  return made;
}

KafkaError fatal_error_of(rd_kafka_t* client, std::string_view what) {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client, text.data(), text.size());
  const Kind kind = kind_of(code) == Kind::kFenced ? Kind::kFenced : Kind::kFatal;
  return {kind, fmt::format("{}: {}", what, text.data())};
}

ConfBuilder::ConfBuilder(const ClusterSettings& settings) : settings_(settings), conf_(rd_kafka_conf_new()) {
  set("bootstrap.servers", settings.bootstrap);
  set("client.id", settings.client_id);
  set("socket.nagle.disable", "true");
  // A restarted broker should be found again within a second, not within librdkafka's ten.
  set("reconnect.backoff.ms", "50");
  set("reconnect.backoff.max.ms", "1000");
  set("log.connection.close", "false");
  set("topic.metadata.propagation.max.ms", "5000");
}

ConfBuilder& ConfBuilder::set(const char* name, const std::string& value) {
  std::array<char, 512> text{};
  const auto result = rd_kafka_conf_set(conf_.get(), name, value.c_str(), text.data(), text.size());
  if (result != RD_KAFKA_CONF_OK && refusal_.empty()) refusal_ = text.data();
  return *this;
}

const std::string& ConfBuilder::finish() {
  for (const auto& [name, value] : settings_.properties) set(name.c_str(), value);
  return refusal_;
}

std::string refused_setting(const ClusterSettings& settings) { return ConfBuilder(settings).finish(); }

std::expected<ClientHandle, KafkaError> ConfBuilder::make(rd_kafka_type_t type, void* opaque) {
  if (!finish().empty()) return std::unexpected(KafkaError{Kind::kBadSetting, "Kafka setting refused: " + refusal_});
  rd_kafka_conf_set_opaque(conf_.get(), opaque);
  rd_kafka_conf_set_log_cb(conf_.get(), log_line);
  std::array<char, 512> text{};
  ClientHandle client(rd_kafka_new(type, conf_.get(), text.data(), text.size()));
  if (!client) {
    return std::unexpected(KafkaError{Kind::kBadSetting, fmt::format("cannot make a Kafka client: {}", text.data())});
  }
  (void)conf_.release();  // the client owns it now
  return client;
}

}  // namespace farshore::kafka
