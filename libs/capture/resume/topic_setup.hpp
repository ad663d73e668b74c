#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/session_end.hpp"
#include "capture/source/source_check.hpp"
#include "change/checkpoint.hpp"
#include "kafka/admin.hpp"

namespace farshore::capture {

/// How an origin's topics have to be.
struct TopicSettings {
  std::int32_t replication = 1;
  std::size_t message_bytes_max = 10'485'760;                  ///< of the change topics
  std::map<std::string, std::chrono::milliseconds> retention;  ///< by stream
};

/// Replicas that have to hold a batch before it counts as acknowledged: two, so that the loss of one broker loses
/// nothing, where one more may be missing without a stop.
[[nodiscard]] constexpr std::int32_t min_insync_replicas(std::int32_t replication) { return replication >= 3 ? 2 : 1; }

/// What the checkpoint topic is configured as. Small segments, so that old checkpoints are soon compacted away (a start
/// reads the topic from its beginning), but larger than any record: Kafka refuses what does not fit into a segment. A
/// position alone may take 1 MB (OriginPosition), and a checkpoint holds several.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCheckpointTopicConfigs{{
    {"cleanup.policy", "compact"},
    {"segment.bytes", "16777216"},
    {"min.cleanable.dirty.ratio", "0.1"},
    {"max.message.bytes", "10485760"},
}};

/// What capture makes: retention of the changes by time alone, which the brokers' clocks tell (LogAppendTime).
[[nodiscard]] kafka::TopicSpec change_topic_spec(const std::string& origin, const std::string& stream,
                                                 std::uint32_t partitions, const TopicSettings& settings);
[[nodiscard]] kafka::TopicSpec checkpoint_topic_spec(const std::string& origin, const TopicSettings& settings);

/// What is wrong with a topic that is there. "At least" is enough for retention, replication, message size and
/// min.insync.replicas: an operator may raise them.
struct TopicVerdict {
  std::vector<kafka::TopicMismatch> refused;  ///< capture cannot go on with it
  std::vector<kafka::TopicMismatch> weaker;   ///< it can, but what is acknowledged may be lost one day
};
[[nodiscard]] TopicVerdict judge_topic(const kafka::TopicSpec& wanted, const kafka::TopicDescription& found);
/// How a person makes the topic as wanted.
[[nodiscard]] std::string mend_command(const std::string& topic, const std::vector<kafka::TopicMismatch>& mismatches);

/// What has to be so of a cluster in which capture makes topics. Warnings at capture's start (a broker may be away, and
/// the topics there already); to be mended for preflight.
[[nodiscard]] std::vector<CheckResult> check_cluster(const kafka::ClusterDescription& cluster,
                                                     std::int32_t replication);

/// Called with one sentence for a topic that is weaker than capture would make it. Nothing alters it unasked, and
/// capture goes on: a new version must not stop over a topic that an older one made.
using TopicWarning = std::function<void(const std::string&)>;

/// Makes the origin's checkpoint topic, or checks the one that is there. Nothing: it is as it has to be. A topic that
/// is there may have another max.message.bytes: that shows when a checkpoint is larger.
[[nodiscard]] std::optional<SessionEnd> set_up_checkpoint_topic(kafka::Admin& admin, const std::string& origin,
                                                                const TopicSettings& settings,
                                                                const TopicWarning& warning);

/// The same for the change topics of the streams. A topic with fewer partitions than configured is given the others if
/// it has as many as `checkpointed` says: the configuration was raised. Any other difference is refused.
[[nodiscard]] std::optional<SessionEnd> set_up_change_topics(kafka::Admin& admin, const std::string& origin,
                                                             const change::Numbering& configured,
                                                             const change::Numbering* checkpointed,
                                                             const TopicSettings& settings,
                                                             const TopicWarning& warning);

/// How a failed call to Kafka ends a session: what a person has to mend is told from what may pass.
[[nodiscard]] SessionEnd end_of(const kafka::KafkaError& error, const std::string& what);

}  // namespace farshore::capture
