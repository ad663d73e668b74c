#include "capture/resume/topic_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "capture/publish/partitions.hpp"

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

/// Text of a number; nothing: it is none.
std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_at_least(const std::string& setting, const std::string& found, const std::string& wanted) {
  const auto is = number(found);
  const auto least = number(wanted);
  if (!is || !least) return found == wanted;
  // -1: without a bound.
  return *is >= *least || (setting == "retention.ms" && *is == -1);
}

constexpr std::array<std::string_view, 4> kAtLeast{"replication.factor", "retention.ms", "max.message.bytes",
                                                   "min.insync.replicas"};
/// Whoever made the topic before these were asked for goes on.
constexpr std::array<std::string_view, 4> kForDurability{"min.insync.replicas", "unclean.leader.election.enable",
                                                         "retention.bytes", "message.timestamp.type"};

void warn_of_weaker(const std::string& topic, const std::vector<kafka::TopicMismatch>& weaker,
                    const TopicWarning& warning) {
  if (weaker.empty()) return;
  warning(
      fmt::format("topic {} may lose what is acknowledged: {}; {}", topic, list(weaker), mend_command(topic, weaker)));
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

kafka::TopicSpec change_topic_spec(const std::string& origin, const std::string& stream, std::uint32_t partitions,
                                   const TopicSettings& settings) {
  return {.name = change_topic(origin, stream),
          .partitions = static_cast<std::int32_t>(partitions),
          .replication = settings.replication,
          .configs = {{"cleanup.policy", "delete"},
                      {"retention.ms", std::to_string(settings.retention.at(stream).count())},
                      {"retention.bytes", "-1"},
                      {"message.timestamp.type", "LogAppendTime"},
                      {"min.insync.replicas", std::to_string(min_insync_replicas(settings.replication))},
                      {"unclean.leader.election.enable", "false"},
                      {"max.message.bytes", std::to_string(settings.message_bytes_max)}}};
}

kafka::TopicSpec checkpoint_topic_spec(const std::string& origin, const TopicSettings& settings) {
  kafka::TopicSpec spec{.name = checkpoint_topic(origin),
                        .partitions = 1,
                        .replication = settings.replication,
                        .configs = {kCheckpointTopicConfigs.begin(), kCheckpointTopicConfigs.end()}};
  spec.configs["min.insync.replicas"] = std::to_string(min_insync_replicas(settings.replication));
  spec.configs["unclean.leader.election.enable"] = "false";
  return spec;
}

TopicVerdict judge_topic(const kafka::TopicSpec& wanted, const kafka::TopicDescription& found) {
  TopicVerdict verdict;
  const auto compare = [&](const std::string& setting, const std::string& is, const std::string& want) {
    const bool at_least = std::ranges::find(kAtLeast, setting) != kAtLeast.end();
    if (at_least ? is_at_least(setting, is, want) : is == want) return;
    const bool is_soft = std::ranges::find(kForDurability, setting) != kForDurability.end();
    (is_soft ? verdict.weaker : verdict.refused).push_back({setting, is, at_least ? "at least " + want : want});
  };
  compare("partitions", std::to_string(found.partitions), std::to_string(wanted.partitions));
  compare("replication.factor", std::to_string(found.replication), std::to_string(wanted.replication));
  for (const auto& [setting, want] : wanted.configs) {
    const auto is = found.configs.find(setting);
    compare(setting, is == found.configs.end() ? "" : is->second, want);
  }
  return verdict;
}

std::string mend_command(const std::string& topic, const std::vector<kafka::TopicMismatch>& mismatches) {
  std::string configs;
  for (const auto& mismatch : mismatches) {
    std::string_view value = mismatch.wanted;
    if (value.starts_with("at least ")) value.remove_prefix(9);
    if (mismatch.setting == "partitions" || mismatch.setting == "replication.factor") continue;
    configs += fmt::format("{}{}={}", configs.empty() ? "" : ",", mismatch.setting, value);
  }
  if (configs.empty()) return "change the topic (kafka-topics.sh, kafka-reassign-partitions.sh) or the configuration";
  return fmt::format(
      "run kafka-configs.sh --bootstrap-server <broker> --alter --entity-type topics --entity-name {} --add-config {}",
      topic, configs);
}

std::vector<CheckResult> check_cluster(const kafka::ClusterDescription& cluster, std::int32_t replication) {
  using Severity = CheckResult::Severity;
  CheckResult replicas{.name = "kafka.replication_factor",
                       .found = std::to_string(replication),
                       .wanted = fmt::format("at most {}, the number of brokers", cluster.brokers),
                       .mend = {}};
  if (replication > cluster.brokers) {
    replicas.severity = Severity::kError;
    replicas.mend = "start the brokers that are lacking, or lower kafka.replication_factor: no topic can be made";
  }
  CheckResult creates{.name = "auto.create.topics.enable", .found = "false", .wanted = "false", .mend = {}};
  if (!cluster.creates_topics) {
    creates.found = "not to be seen by this client";
    creates.mend = "give it the right to DESCRIBE_CONFIGS of the cluster, or look yourself";
    creates.severity = Severity::kWarning;
  } else if (*cluster.creates_topics) {
    creates.found = "true";
    creates.mend =
        "set auto.create.topics.enable=false in the brokers' server.properties, and restart them: a topic that is "
        "deleted comes back with other settings as soon as anybody asks for it";
    creates.severity = Severity::kError;
  }
  return {std::move(replicas), std::move(creates)};
}

std::optional<SessionEnd> set_up_checkpoint_topic(kafka::Admin& admin, const std::string& origin,
                                                  const TopicSettings& settings, const TopicWarning& warning) {
  const kafka::TopicSpec spec = checkpoint_topic_spec(origin, settings);
  // What is seen here shows by itself when a topic cannot be made.
  if (const auto cluster = admin.describe_cluster(kTimeout))
    for (const CheckResult& result : check_cluster(*cluster, settings.replication))
      if (result.severity == CheckResult::Severity::kError) warning(result.sentence());
  const auto ensured = admin.ensure_topic(spec, kTimeout);
  if (!ensured) return end_of(ensured.error(), fmt::format("topic {} cannot be made or looked at", spec.name));
  TopicVerdict verdict = judge_topic(spec, ensured->found);
  std::erase_if(verdict.refused, [](const auto& mismatch) { return mismatch.setting == "max.message.bytes"; });
  if (!verdict.refused.empty()) return refusal(spec.name, verdict.refused);
  warn_of_weaker(spec.name, verdict.weaker, warning);
  return std::nullopt;
}

std::optional<SessionEnd> set_up_change_topics(kafka::Admin& admin, const std::string& origin,
                                               const change::Numbering& configured,
                                               const change::Numbering* checkpointed, const TopicSettings& settings,
                                               const TopicWarning& warning) {
  for (const auto& stream : configured.streams) {
    const kafka::TopicSpec spec = change_topic_spec(origin, stream.name, stream.partitions, settings);
    const auto ensured = admin.ensure_topic(spec, kTimeout);
    if (!ensured) return end_of(ensured.error(), fmt::format("topic {} cannot be made or looked at", spec.name));
    const TopicVerdict verdict = judge_topic(spec, ensured->found);
    warn_of_weaker(spec.name, verdict.weaker, warning);
    if (verdict.refused.empty()) continue;
    if (!may_grow(verdict.refused, partitions_in(checkpointed, stream.name), stream.partitions))
      return refusal(spec.name, verdict.refused);
    const auto grown = admin.add_partitions(spec.name, spec.partitions, kTimeout);
    if (!grown) return end_of(grown.error(), fmt::format("topic {} cannot be given more partitions", spec.name));
  }
  return std::nullopt;
}

}  // namespace farshore::capture
