#pragma once

#include <string_view>

#include "base/environment_error.hpp"
#include "common/config.hpp"
#include "kafka/error.hpp"

namespace farshore::common {

/// The sentence for a Kafka cluster that cannot be used: `doing` says what was tried. An unreachable cluster carries
/// kUnreachable as exit code.
[[nodiscard]] EnvironmentError kafka_error(std::string_view doing, const KafkaConfig& settings,
                                           const kafka::KafkaError& error);

}  // namespace farshore::common
