#pragma once

#include <string_view>

#include "base/environment_error.hpp"
#include "kafka/error.hpp"
#include "services/config/config.hpp"

namespace farshore::service {

/// The sentence for a Kafka cluster that cannot be used: `doing` says what was tried. An unreachable cluster carries
/// kUnreachable as exit code.
[[nodiscard]] EnvironmentError kafka_error(std::string_view doing, const KafkaConfig& settings,
                                           const kafka::KafkaError& error);

}  // namespace farshore::service
