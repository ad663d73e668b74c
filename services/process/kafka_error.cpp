#include "services/process/kafka_error.hpp"

#include <fmt/format.h>

namespace farshore::service {
namespace {

std::string_view what_to_do(kafka::KafkaError::Kind kind) {
  using Kind = kafka::KafkaError::Kind;
  switch (kind) {
    case Kind::kUnreachable:
    case Kind::kTimedOut:
    case Kind::kRetriable: return "start the brokers, or correct kafka.bootstrap";
    case Kind::kDenied: return "check the credentials and the access rules of this client at the brokers";
    case Kind::kBadSetting: return "correct kafka.properties";
    case Kind::kUnknownTopic: return "check the topic's name, and that its capture or mirror runs";
    case Kind::kTooLarge: return "raise the topic's max.message.bytes";
    case Kind::kFenced: return "stop the other process that has the same identity";
    case Kind::kOffsetOutOfRange: return "name an offset that the partition still holds";
    case Kind::kFatal:
    case Kind::kOther: return "see the brokers' logs for more";
  }
  return "see the brokers' logs for more";
}

}  // namespace

EnvironmentError kafka_error(std::string_view doing, const KafkaConfig& settings, const kafka::KafkaError& error) {
  return EnvironmentError(fmt::format("kafka.bootstrap ({}): {}: {}; {}.", settings.bootstrap, doing, error.message,
                                      what_to_do(error.kind)),
                          error.retry() ? ExitCode::kUnreachable : ExitCode::kError);
}

}  // namespace farshore::service
