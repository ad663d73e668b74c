#include "capture/topic_setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "capture/partitions.hpp"

namespace farshore::capture {

namespace {

constexpr std::chrono::milliseconds kTimeout{15'000};

std::string list(const std::vector<kafka::TopicMismatch>& mismatches) {
  std::string text;
  for (const auto& mismatch : mismatches)
    text += fmt::format("{}{} is {} and has to be {}", text.empty() ? "" : ", ", mismatch.setting, mismatch.found,
                        mismatch.wanted);
  return text;
}

SessionEnd refusal(const std::string& topic, const std::vector<kafka::TopicMismatch>& mismatches) {
  return {EndKind::kMisconfigured,
          fmt::format("topic {} is there with other settings: {}; set the topic (kafka-configs.sh, kafka-topics.sh) or "
                      "the configuration (streams, kafka.replication_factor) so that they agree",
                      topic, list(mismatches)),
          EndedBy::kKafka};
}

/// The partitions that a numbering gives a stream; 0: none.
std::uint32_t partitions_in(const change::Numbering* numbering, const std::string& stream) {
  if (numbering == nullptr) return 0;
  const auto found = std::ranges::find(numbering->streams, stream, &change::Numbering::Stream::name);
  return found == numbering->streams.end() ? 0 : found->partitions;
}

/// The topic has the partitions of the numbering that is left, and nothing else is wrong with it.
bool may_grow(const std::vector<kafka::TopicMismatch>& mismatches, std::uint32_t before, std::uint32_t wanted) {
  return mismatches.size() == 1 && mismatches.front().setting == "partitions" && before != 0 && before < wanted &&
         mismatches.front().found == std::to_string(before);
}

}  // namespace

SessionEnd end_of(const kafka::KafkaError& error, const std::string& what) {
  using Kind = kafka::KafkaError::Kind;
  const std::string sentence = fmt::format("{}: {}", what, error.message);
  if (error.kind == Kind::kBadSetting)
    return {EndKind::kMisconfigured, sentence + "; correct kafka in the configuration", EndedBy::kKafka};
  if (error.kind == Kind::kDenied)
    return {EndKind::kMisconfigured, sentence + "; check the credentials and access rules of capture at the brokers",
            EndedBy::kKafka};
  return {EndKind::kRetry, sentence, EndedBy::kKafka};
}

std::optional<SessionEnd> set_up_checkpoint_topic(kafka::Admin& admin, const std::string& origin,
                                                  const TopicSettings& settings) {
  const kafka::TopicSpec spec{.name = checkpoint_topic(origin),
                              .partitions = 1,
                              .replication = settings.replication,
                              .configs = {kCheckpointTopicConfigs.begin(), kCheckpointTopicConfigs.end()}};
  const auto ensured = admin.ensure_topic(spec, kTimeout);
  if (!ensured) return end_of(ensured.error(), fmt::format("topic {} cannot be made or looked at", spec.name));
  std::vector<kafka::TopicMismatch> mismatches = ensured->mismatches;
  std::erase_if(mismatches, [](const auto& mismatch) { return mismatch.setting == "max.message.bytes"; });
  if (!mismatches.empty()) return refusal(spec.name, mismatches);
  return std::nullopt;
}

std::optional<SessionEnd> set_up_change_topics(kafka::Admin& admin, const std::string& origin,
                                               const change::Numbering& configured,
                                               const change::Numbering* checkpointed, const TopicSettings& settings) {
  for (const auto& stream : configured.streams) {
    const kafka::TopicSpec spec{
        .name = change_topic(origin, stream.name),
        .partitions = static_cast<std::int32_t>(stream.partitions),
        .replication = settings.replication,
        .configs = {{"cleanup.policy", "delete"},
                    {"retention.ms", std::to_string(settings.retention.at(stream.name).count())},
                    {"max.message.bytes", std::to_string(settings.max_message_bytes)}}};
    const auto ensured = admin.ensure_topic(spec, kTimeout);
    if (!ensured) return end_of(ensured.error(), fmt::format("topic {} cannot be made or looked at", spec.name));
    if (ensured->mismatches.empty()) continue;
    if (!may_grow(ensured->mismatches, partitions_in(checkpointed, stream.name), stream.partitions))
      return refusal(spec.name, ensured->mismatches);
    const auto grown = admin.add_partitions(spec.name, spec.partitions, kTimeout);
    if (!grown) return end_of(grown.error(), fmt::format("topic {} cannot be given more partitions", spec.name));
  }
  return std::nullopt;
}

}  // namespace farshore::capture
