#include "kafka/admin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "kafka/rdkafka_handles.hpp"

namespace farshore::kafka {
namespace {

using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Freed<rd_kafka_AdminOptions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>>;
using NewPartitions = std::unique_ptr<rd_kafka_NewPartitions_t, Freed<rd_kafka_NewPartitions_destroy>>;
using DeleteRecords = std::unique_ptr<rd_kafka_DeleteRecords_t, Freed<rd_kafka_DeleteRecords_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Freed<rd_kafka_ConfigResource_destroy>>;
using Topics = std::unique_ptr<rd_kafka_TopicCollection_t, Freed<rd_kafka_TopicCollection_destroy>>;

std::unexpected<KafkaError> refuse(rd_kafka_resp_err_t code, const std::string& what, const char* text) {
  KafkaError error = make_error(code, what);
  if (text != nullptr) error.message = fmt::format("{}: {}", what, text);
  return std::unexpected(std::move(error));
}

}  // namespace

struct Admin::Client : LogContext {
  ClientHandle handle;

  /// Sends a request whose answer comes to the queue.
  using Request = std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
  /// Runs one admin request and waits for its event. Its queue is its own: an answer that comes too late is nobody's.
  std::expected<EventHandle, KafkaError> run(rd_kafka_admin_op_t op, const std::string& what,
                                             std::chrono::milliseconds timeout, const Request& request) const {
    std::array<char, 256> text{};
    const Options options(rd_kafka_AdminOptions_new(handle.get(), op));
    const auto code =
        rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(1, to_ms(timeout)), text.data(), text.size());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return refuse(code, what, text.data());
    const QueueHandle queue(rd_kafka_queue_new(handle.get()));
    request(options.get(), queue.get());
    // The request's own timeout ends the wait; one second more is for the event to come through.
    const Deadline deadline(timeout + std::chrono::seconds(1));
    EventHandle event;
    while (!event && !deadline.passed() && !gives_up())
      event.reset(rd_kafka_queue_poll(queue.get(), to_ms(deadline.slice())));
    if (!event) return std::unexpected(make_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what));
    if (const auto failed = rd_kafka_event_error(event.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return refuse(failed, what, rd_kafka_event_error_string(event.get()));
    }
    return event;
  }

  std::expected<TopicDescription, KafkaError> describe(const std::string& name,
                                                       std::chrono::milliseconds timeout) const;
  std::expected<std::map<std::string, std::string>, KafkaError> configs(rd_kafka_ResourceType_t type,
                                                                        const std::string& name,
                                                                        std::chrono::milliseconds timeout) const;
  std::expected<bool, KafkaError> create(const TopicSpec& spec, std::chrono::milliseconds timeout) const;
};

std::expected<TopicDescription, KafkaError> Admin::Client::describe(const std::string& name,
                                                                    std::chrono::milliseconds timeout) const {
  const std::string what = fmt::format("describe topic {}", name);
  std::array<const char*, 1> names = {name.c_str()};
  const Topics topics(rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  auto event = run(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, what, timeout,
                   [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     rd_kafka_DescribeTopics(handle.get(), topics.get(), options, queue);
                   });
  if (!event) return std::unexpected(std::move(event.error()));
  const auto* const result = rd_kafka_event_DescribeTopics_result(event->get());
  std::size_t count = 0;
  const auto* const* const found = rd_kafka_DescribeTopics_result_topics(result, &count);
  if (count != 1) return std::unexpected(KafkaError{KafkaError::Kind::kOther, what + ": no answer for the topic"});
  const rd_kafka_error_t* const error = rd_kafka_TopicDescription_error(found[0]);
  if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(*error, what));
  TopicDescription description;
  description.topic_id = rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(found[0]));
  std::size_t partitions = 0;
  const auto* const* const infos = rd_kafka_TopicDescription_partitions(found[0], &partitions);
  description.partitions = static_cast<std::int32_t>(partitions);
  if (partitions > 0) {
    std::size_t replicas = 0;
    (void)rd_kafka_TopicPartitionInfo_replicas(infos[0], &replicas);
    description.replication = static_cast<std::int32_t>(replicas);
  }
  return description;
}

std::expected<std::map<std::string, std::string>, KafkaError> Admin::Client::configs(
    rd_kafka_ResourceType_t type, const std::string& name, std::chrono::milliseconds timeout) const {
  const std::string what = fmt::format("describe settings of {} {}", rd_kafka_ResourceType_name(type), name);
  const Resource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
  auto event = run(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, what, timeout,
                   [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     std::array<rd_kafka_ConfigResource_t*, 1> resources = {resource.get()};
                     rd_kafka_DescribeConfigs(handle.get(), resources.data(), resources.size(), options, queue);
                   });
  if (!event) return std::unexpected(std::move(event.error()));
  std::size_t count = 0;
  const auto* const* const found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return std::unexpected(KafkaError{KafkaError::Kind::kOther, what + ": no answer"});
  if (const auto code = rd_kafka_ConfigResource_error(found[0]); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return refuse(code, what, rd_kafka_ConfigResource_error_string(found[0]));
  }
  const auto* const* const entries = rd_kafka_ConfigResource_configs(found[0], &count);
  std::map<std::string, std::string> configs;
  for (std::size_t i = 0; i < count; ++i) {
    const char* const value = rd_kafka_ConfigEntry_value(entries[i]);
    configs[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "" : value;
  }
  return configs;
}

/// False: the topic is there already.
std::expected<bool, KafkaError> Admin::Client::create(const TopicSpec& spec, std::chrono::milliseconds timeout) const {
  const std::string what = fmt::format("create topic {}", spec.name);
  std::array<char, 256> text{};
  const NewTopic topic(
      rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication, text.data(), text.size()));
  if (!topic) return refuse(RD_KAFKA_RESP_ERR__INVALID_ARG, what, text.data());
  for (const auto& [name, value] : spec.configs) {
    const auto code = rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(code, what));
  }
  auto event = run(RD_KAFKA_ADMIN_OP_CREATETOPICS, what, timeout,
                   [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     std::array<rd_kafka_NewTopic_t*, 1> topics = {topic.get()};
                     rd_kafka_CreateTopics(handle.get(), topics.data(), topics.size(), options, queue);
                   });
  if (!event) return std::unexpected(std::move(event.error()));
  std::size_t count = 0;
  const auto* const* const made =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  if (count != 1) return std::unexpected(KafkaError{KafkaError::Kind::kOther, what + ": no answer for the topic"});
  const auto code = rd_kafka_topic_result_error(made[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return refuse(code, what, rd_kafka_topic_result_error_string(made[0]));
  return true;
}

Admin::Admin() : client_(std::make_unique<Client>()) {}
Admin::~Admin() = default;

std::expected<std::unique_ptr<Admin>, KafkaError> Admin::create(const ClusterSettings& settings) {
  std::unique_ptr<Admin> admin(new Admin());
  admin->client_->log = settings.log;
  admin->client_->give_up = settings.give_up;
  auto handle = ConfBuilder(settings).make(RD_KAFKA_PRODUCER, admin->client_.get());
  if (!handle) return std::unexpected(std::move(handle.error()));
  admin->client_->handle = std::move(*handle);
  return admin;
}

std::expected<ClusterDescription, KafkaError> Admin::describe_cluster(std::chrono::milliseconds timeout) {
  const Deadline deadline(timeout);
  const auto event = client_->run(RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER, "describe the cluster", timeout,
                                  [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                    rd_kafka_DescribeCluster(client_->handle.get(), options, queue);
                                  });
  if (!event) return std::unexpected(event.error());
  const auto* const result = rd_kafka_event_DescribeCluster_result(event->get());
  ClusterDescription cluster;
  const char* const id = rd_kafka_DescribeCluster_result_cluster_id(result);
  cluster.id = id == nullptr ? "" : id;
  std::size_t count = 0;
  const auto* const* const nodes = rd_kafka_DescribeCluster_result_nodes(result, &count);
  cluster.brokers = static_cast<std::int32_t>(count);
  if (count == 0) return cluster;
  const auto settings =
      client_->configs(RD_KAFKA_RESOURCE_BROKER, std::to_string(rd_kafka_Node_id(nodes[0])), deadline.left());
  if (!settings) return cluster;
  const auto found = settings->find("auto.create.topics.enable");
  if (found != settings->end()) cluster.creates_topics = found->second == "true";
  return cluster;
}

std::expected<EnsuredTopic, KafkaError> Admin::ensure_topic(const TopicSpec& spec, std::chrono::milliseconds timeout) {
  const Deadline deadline(timeout);
  const auto created = client_->create(spec, timeout);
  if (!created) return std::unexpected(created.error());
  EnsuredTopic ensured;
  ensured.created = *created;
  // What was just made is looked at too: a broker may cap or override.
  auto found = describe_topic(spec.name, deadline.left());
  while (!found && *created && found.error().kind == KafkaError::Kind::kUnknownTopic && !deadline.passed()) {
    found = describe_topic(spec.name, deadline.left());
  }
  if (!found) return std::unexpected(std::move(found.error()));
  const auto compare = [&](const std::string& setting, const std::string& is, const std::string& wanted) {
    if (is != wanted) ensured.mismatches.push_back({setting, is, wanted});
  };
  compare("partitions", std::to_string(found->partitions), std::to_string(spec.partitions));
  compare("replication.factor", std::to_string(found->replication), std::to_string(spec.replication));
  for (const auto& [name, wanted] : spec.configs) compare(name, found->configs[name], wanted);
  ensured.found = std::move(*found);
  return ensured;
}

std::expected<void, KafkaError> Admin::add_partitions(const std::string& name, std::int32_t partitions,
                                                      std::chrono::milliseconds timeout) {
  const std::string what = fmt::format("give topic {} {} partitions", name, partitions);
  std::array<char, 256> text{};
  const NewPartitions wanted(
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(partitions), text.data(), text.size()));
  if (!wanted) return refuse(RD_KAFKA_RESP_ERR__INVALID_ARG, what, text.data());
  auto event =
      client_->run(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, what, timeout,
                   [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     std::array<rd_kafka_NewPartitions_t*, 1> topics = {wanted.get()};
                     rd_kafka_CreatePartitions(client_->handle.get(), topics.data(), topics.size(), options, queue);
                   });
  if (!event) return std::unexpected(std::move(event.error()));
  std::size_t count = 0;
  const auto* const* const made =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event->get()), &count);
  if (count != 1) return std::unexpected(KafkaError{KafkaError::Kind::kOther, what + ": no answer for the topic"});
  const auto code = rd_kafka_topic_result_error(made[0]);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return refuse(code, what, rd_kafka_topic_result_error_string(made[0]));
  return {};
}

std::expected<TopicDescription, KafkaError> Admin::describe_topic(const std::string& name,
                                                                  std::chrono::milliseconds timeout) {
  const Deadline deadline(timeout);
  auto description = client_->describe(name, timeout);
  if (!description) return description;
  auto configs = client_->configs(RD_KAFKA_RESOURCE_TOPIC, name, deadline.left());
  if (!configs) return std::unexpected(std::move(configs.error()));
  description->configs = std::move(*configs);
  return description;
}

std::expected<std::string, KafkaError> Admin::topic_id(const std::string& name, std::chrono::milliseconds timeout) {
  auto description = client_->describe(name, timeout);
  if (!description) return std::unexpected(std::move(description.error()));
  return std::move(description->topic_id);
}

std::expected<void, KafkaError> Admin::reach(std::chrono::milliseconds timeout) {
  // Without a topic it asks for the brokers alone.
  const struct rd_kafka_metadata* found = nullptr;
  const rd_kafka_resp_err_t code =
      ask(*client_, timeout, [&](int ms) { return rd_kafka_metadata(client_->handle.get(), 0, nullptr, &found, ms); });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(code, "no broker answers"));
  rd_kafka_metadata_destroy(found);
  return {};
}

std::expected<void, KafkaError> Admin::delete_records(const std::string& name, const std::vector<KafkaOffset>& before,
                                                      std::chrono::milliseconds timeout) {
  static_assert(kEnd.raw() == RD_KAFKA_OFFSET_END);
  const std::string what = fmt::format("delete the records of topic {}", name);
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(before.size())));
  for (std::size_t i = 0; i < before.size(); ++i) {
    rd_kafka_topic_partition_list_add(list.get(), name.c_str(), static_cast<std::int32_t>(i))->offset = before[i].raw();
  }
  const DeleteRecords wanted(rd_kafka_DeleteRecords_new(list.get()));
  auto event =
      client_->run(RD_KAFKA_ADMIN_OP_DELETERECORDS, what, timeout,
                   [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     std::array<rd_kafka_DeleteRecords_t*, 1> requests = {wanted.get()};
                     rd_kafka_DeleteRecords(client_->handle.get(), requests.data(), requests.size(), options, queue);
                   });
  if (!event) return std::unexpected(std::move(event.error()));
  const auto* const result = rd_kafka_event_DeleteRecords_result(event->get());
  const auto* const offsets = rd_kafka_DeleteRecords_result_offsets(result);
  for (int i = 0; i < offsets->cnt; ++i) {
    if (offsets->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(
          make_error(offsets->elems[i].err, fmt::format("{} [{}]", what, offsets->elems[i].partition)));
    }
  }
  return {};
}

std::expected<OffsetRange, KafkaError> Admin::offsets(const TopicPartition& partition,
                                                      std::chrono::milliseconds timeout) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = ask(*client_, timeout, [&](int slice) {
    return rd_kafka_query_watermark_offsets(client_->handle.get(), partition.topic.c_str(), partition.partition.raw(),
                                            &low, &high, slice);
  });
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(
        make_error(code, fmt::format("offsets of {} [{}]", partition.topic, partition.partition.raw())));
  }
  return OffsetRange{KafkaOffset(low), KafkaOffset(high)};
}

}  // namespace farshore::kafka
