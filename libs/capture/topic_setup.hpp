#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "capture/session_end.hpp"
#include "change/checkpoint.hpp"
#include "kafka/admin.hpp"

namespace farshore::capture {

/// How an origin's topics have to be.
struct TopicSettings {
  std::int32_t replication = 1;
  std::size_t max_message_bytes = 10'485'760;
  std::map<std::string, std::chrono::milliseconds> retention;  ///< by stream
};

/// Makes the origin's checkpoint topic, or checks the one that is there. Nothing: it is as it has to be.
[[nodiscard]] std::optional<SessionEnd> set_up_checkpoint_topic(kafka::Admin& admin, const std::string& origin,
                                                                const TopicSettings& settings);

/// The same for the change topics of the streams. A topic with fewer partitions than configured is given the others if
/// it has as many as `checkpointed` says: the configuration was raised. Any other difference is refused.
[[nodiscard]] std::optional<SessionEnd> set_up_change_topics(kafka::Admin& admin, const std::string& origin,
                                                             const change::Numbering& configured,
                                                             const change::Numbering* checkpointed,
                                                             const TopicSettings& settings);

/// How a failed call to Kafka ends a session: what a person has to mend is told from what may pass.
[[nodiscard]] SessionEnd end_of(const kafka::KafkaError& error, const std::string& what);

}  // namespace farshore::capture
