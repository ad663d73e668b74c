#pragma once

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kafka/error.hpp"
#include "kafka/settings.hpp"
#include "kafka/topic_partition.hpp"

/// Inside libs/kafka only: librdkafka's handles as owners, and its errors as ours.
namespace farshore::kafka {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using ClientHandle = std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>>;
using ConfHandle = std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, Freed<rd_kafka_error_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>>;
using TopicOwner = std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>>;

/// The key of a record's one header.
inline constexpr const char* kHeaderKey = "farshore";

[[nodiscard]] inline PartitionList list_of(const TopicPartition& partition,
                                           KafkaOffset offset = KafkaOffset(RD_KAFKA_OFFSET_INVALID)) {
  PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition.raw())->offset =
      offset.raw();
  return list;
}

[[nodiscard]] KafkaError make_error(rd_kafka_resp_err_t code, std::string_view what);
/// `what` "text of librdkafka". Takes account of fatal and fenced.
[[nodiscard]] KafkaError make_error(const rd_kafka_error_t& error, std::string_view what);
/// Looks behind ERR__FATAL for its cause.
[[nodiscard]] KafkaError fatal_error_of(rd_kafka_t* client, std::string_view what);

/// A configuration being made: ours are set first, the cluster's properties last, the first refusal is kept.
class ConfBuilder {
 public:
  explicit ConfBuilder(const ClusterSettings& settings);
  ConfBuilder& set(const char* name, const std::string& value);
  ConfBuilder& set(const char* name, std::size_t value) { return set(name, std::to_string(value)); }
  ConfBuilder& set(const char* name, std::chrono::milliseconds value) {
    return set(name, std::to_string(value.count()));
  }
  [[nodiscard]] rd_kafka_conf_t* get() { return conf_.get(); }
  /// The cluster's properties are set too; the first refusal, or nothing.
  [[nodiscard]] const std::string& finish();
  /// Makes the client. `opaque` is what rd_kafka_opaque() gives to callbacks: `LogContext` must be its first base.
  [[nodiscard]] std::expected<ClientHandle, KafkaError> make(rd_kafka_type_t type, void* opaque);

 private:
  const ClusterSettings& settings_;
  ConfHandle conf_;
  std::string refusal_;
};

/// What every client's opaque begins with. Must stand still and outlive the client.
struct LogContext {
  LogSink log;
  std::function<bool()> give_up;

  [[nodiscard]] bool gives_up() const { return give_up && give_up(); }
};

[[nodiscard]] inline int to_ms(std::chrono::milliseconds time) {
  constexpr std::int64_t kMax = 0x7FFF'FFFF;
  const std::int64_t count = time.count();
  return static_cast<int>(count < 0 ? 0 : count > kMax ? kMax : count);
}

/// A point in time after which a blocking call gives up.
class Deadline {
 public:
  /// How long a call blocks at a time, so that it can be given up.
  static constexpr std::chrono::milliseconds kSlice{200};
  /// The same of a call that asks anew each time: below a slow broker's answer it would never be done.
  static constexpr std::chrono::milliseconds kRequestSlice{2'000};

  explicit Deadline(std::chrono::milliseconds timeout) : at_(std::chrono::steady_clock::now() + timeout) {}
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
    return left.count() > 0 ? left : std::chrono::milliseconds(0);
  }
  [[nodiscard]] std::chrono::milliseconds slice(std::chrono::milliseconds longest = kSlice) const {
    return std::min(left(), longest);
  }
  [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= at_; }

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Calls `request(timeout in ms)`, which asks the brokers and gives rd_kafka_resp_err_t, until one answers, `timeout`
/// is over, or it is to be given up.
template <typename Request>
[[nodiscard]] rd_kafka_resp_err_t ask(const LogContext& context, std::chrono::milliseconds timeout, Request request) {
  const Deadline deadline(timeout);
  while (true) {
    const rd_kafka_resp_err_t code = request(to_ms(deadline.slice(Deadline::kRequestSlice)));
    const bool nobody_answered = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
                                 code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (!nobody_answered || deadline.passed() || context.gives_up()) return code;
  }
}

}  // namespace farshore::kafka
