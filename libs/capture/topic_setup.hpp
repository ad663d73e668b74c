#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "capture/session_end.hpp"
#include "change/checkpoint.hpp"
#include "kafka/admin.hpp"

namespace farshore::capture {

/// How an origin's topics have to be.
struct TopicSettings {
  std::int32_t replication = 1;
  std::size_t max_message_bytes = 10'485'760;                  ///< of the change topics
  std::map<std::string, std::chrono::milliseconds> retention;  ///< by stream
};

/// What the checkpoint topic is configured as. Small segments, so that old checkpoints are soon compacted away (a start
/// reads the topic from its beginning), but larger than any record: Kafka refuses what does not fit into a segment. A
/// position alone may take 1 MB (OriginPosition), and a checkpoint holds several.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCheckpointTopicConfigs{{
    {"cleanup.policy", "compact"},
    {"segment.bytes", "16777216"},
    {"min.cleanable.dirty.ratio", "0.1"},
    {"max.message.bytes", "10485760"},
}};

/// Makes the origin's checkpoint topic, or checks the one that is there. Nothing: it is as it has to be. A topic that
/// is there may have another max.message.bytes: that shows when a checkpoint is larger.
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
