#include "kafka/producer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "kafka/rdkafka_handles.hpp"

namespace farshore::kafka {
namespace {

/// One broker request carries at most this much; less than librdkafka's 1 MB keeps what is in flight, and so its
/// memory, small at no cost in speed.
constexpr std::size_t kRequestBytes = 512 * kKilobyte;

}  // namespace

struct Producer::Client : LogContext {
  Producer* owner = nullptr;
  std::map<std::string, TopicOwner> topics;
  ClientHandle handle;

  static void delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque);
};

void Producer::Client::delivered(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) {
  Producer& producer = *static_cast<Client*>(opaque)->owner;
  producer.queued_bytes_.fetch_sub(message->len, std::memory_order_relaxed);
  producer.queued_messages_.fetch_sub(1, std::memory_order_relaxed);
  Delivery delivery;
  delivery.opaque = std::bit_cast<std::uintptr_t>(message->_private);
  delivery.offset = KafkaOffset(message->offset);
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string what = fmt::format("deliver to {} [{}]", rd_kafka_topic_name(message->rkt), message->partition);
    const bool is_fatal = rd_kafka_fatal_error(client, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
    delivery.error = make_error(message->err, what);
    // The record that ended the producer says why; those behind it are only purged.
    const bool says_why =
        delivery.error->kind == KafkaError::Kind::kTooLarge || delivery.error->kind == KafkaError::Kind::kDenied;
    if (is_fatal && !says_why) delivery.error = fatal_error_of(client, what);
    producer.last_error_ = delivery.error;
    if (is_fatal) producer.fatal_.store(true, std::memory_order_relaxed);
  }
  producer.sink_(delivery);
}

Producer::Producer() : client_(std::make_unique<Client>()) {}

Producer::~Producer() {
  if (client_->handle) {
    rd_kafka_purge(client_->handle.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  client_->topics.clear();  // before their client
}

std::expected<std::unique_ptr<Producer>, KafkaError> Producer::create(const ClusterSettings& settings,
                                                                      const ProducerLimits& limits, DeliverySink sink) {
  std::unique_ptr<Producer> producer(new Producer());
  producer->sink_ = std::move(sink);
  producer->queue_bytes_max_ = limits.queue_bytes;
  Client& client = *producer->client_;
  client.log = settings.log;
  client.give_up = settings.give_up;
  client.owner = producer.get();

  ConfBuilder conf(settings);
  conf.set("enable.idempotence", "true")
      .set("acks", "all")
      // A record that is refused for good ends the producer: those behind it must not arrive without it.
      .set("enable.gapless.guarantee", "true")
      .set("message.timeout.ms", "0")
      .set("linger.ms", limits.linger)
      .set("compression.type", limits.compression)
      .set("message.max.bytes", limits.message_bytes_max + kKilobyte)
      .set("batch.size", std::min(kRequestBytes, limits.message_bytes_max))
      .set("queue.buffering.max.kbytes", (limits.queue_bytes + limits.message_bytes_max) / kKilobyte)
      .set("queue.buffering.max.messages", limits.queue_messages)
      .set("retry.backoff.ms", "50")
      .set("retry.backoff.max.ms", "1000");
  rd_kafka_conf_set_dr_msg_cb(conf.get(), Client::delivered);
  auto handle = conf.make(RD_KAFKA_PRODUCER, &client);
  if (!handle) return std::unexpected(std::move(handle.error()));
  client.handle = std::move(*handle);
  return producer;
}

std::expected<TopicHandle, KafkaError> Producer::open_topic(const std::string& name,
                                                            std::chrono::milliseconds timeout) {
  rd_kafka_t* const client = client_->handle.get();
  TopicOwner& topic = client_->topics[name];
  if (!topic) topic.reset(rd_kafka_topic_new(client, name.c_str(), nullptr));
  if (!topic) return std::unexpected(make_error(rd_kafka_last_error(), fmt::format("open topic {}", name)));
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code =
      ask(*client_, timeout, [&](int slice) { return rd_kafka_metadata(client, 0, topic.get(), &metadata, slice); });
  const std::string what = fmt::format("metadata of topic {}", name);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(code, what));
  const auto topic_code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  rd_kafka_metadata_destroy(metadata);
  if (topic_code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(topic_code, what));
  return TopicHandle{topic.get()};
}

SendResult Producer::send(TopicHandle topic, PartitionId partition, std::string_view header, std::string_view value,
                          std::uint64_t opaque) {
  // The bound in bytes is ours: librdkafka's own counts a record larger than all that is left as too large for good.
  const std::size_t queued = queued_bytes();
  if (queued > 0 && queued + value.size() > queue_bytes_max_) return SendResult::kQueueFull;
  queued_bytes_.fetch_add(value.size(), std::memory_order_relaxed);
  queued_messages_.fetch_add(1, std::memory_order_relaxed);
  // The variadic call is librdkafka's only one that takes a topic handle and headers without building a list of them.
  const auto code = rd_kafka_producev(
      client_->handle.get(), RD_KAFKA_V_RKT(topic.topic), RD_KAFKA_V_PARTITION(partition.raw()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
      RD_KAFKA_V_HEADER(kHeaderKey, header.data(), static_cast<ssize_t>(header.size())),
      RD_KAFKA_V_OPAQUE(std::bit_cast<void*>(static_cast<std::uintptr_t>(opaque))), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return SendResult::kQueued;
  queued_bytes_.fetch_sub(value.size(), std::memory_order_relaxed);
  queued_messages_.fetch_sub(1, std::memory_order_relaxed);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return SendResult::kQueueFull;
  const std::string what = fmt::format("send to {} [{}]", rd_kafka_topic_name(topic.topic), partition.raw());
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_.store(true, std::memory_order_relaxed);
    last_error_ = fatal_error_of(client_->handle.get(), what);
  } else {
    last_error_ = make_error(code, what);
  }
  return SendResult::kError;
}

void Producer::poll(std::chrono::milliseconds timeout) { rd_kafka_poll(client_->handle.get(), to_ms(timeout)); }

bool Producer::flush(std::chrono::milliseconds timeout) {
  return rd_kafka_flush(client_->handle.get(), to_ms(timeout)) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace farshore::kafka
