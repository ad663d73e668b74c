#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/settings.hpp"

struct rd_kafka_topic_s;

namespace farshore::kafka {

struct ProducerLimits {
  std::size_t queue_bytes = 16'777'216;        ///< of records not yet acknowledged
  std::size_t queue_messages = 100'000;        ///<
  std::chrono::milliseconds linger{1};         ///<
  std::string compression = "lz4";             ///< none, lz4, zstd, gzip, snappy
  std::size_t message_bytes_max = 10'485'760;  ///< of one record
};

/// What became of a record that send() took.
struct Delivery {
  std::uint64_t opaque = 0;
  KafkaOffset offset;               ///< when there is no error
  std::optional<KafkaError> error;  ///< it may or may not be in the topic
};
/// Called on the thread that polls or flushes, in no particular order between partitions. Must not call the producer's
/// poll() or flush().
using DeliverySink = std::function<void(const Delivery&)>;

/// A topic of a producer; lives as long as the producer.
struct TopicHandle {
  rd_kafka_topic_s* topic = nullptr;
};

enum class SendResult : std::uint8_t {
  kQueued,     ///< its delivery will be reported
  kQueueFull,  ///< backpressure: poll and send again
  kError,      ///< not taken: see last_error()
};

/// An idempotent producer (acks=all, retries without end): records of a partition arrive in the order they were sent,
/// once, or the producer turns fatal. It does not fence another one. send(), poll() and flush() from one thread; the
/// counters from any.
class Producer {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<Producer>, KafkaError> create(const ClusterSettings& settings,
                                                                                   const ProducerLimits& limits,
                                                                                   DeliverySink sink);
  /// Drops what is not acknowledged, without reporting it.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Fetches the topic's metadata, so that the first send does not wait for it. kUnknownTopic if it is not there.
  [[nodiscard]] std::expected<TopicHandle, KafkaError> open_topic(const std::string& name,
                                                                  std::chrono::milliseconds timeout);
  /// Copies header and value. No key.
  [[nodiscard]] SendResult send(TopicHandle topic, PartitionId partition, std::string_view header,
                                std::string_view value, std::uint64_t opaque);
  /// Reports deliveries; waits up to `timeout` for the first.
  void poll(std::chrono::milliseconds timeout);
  /// True when everything sent was reported before the deadline.
  [[nodiscard]] bool flush(std::chrono::milliseconds timeout);

  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t queued_messages() const { return queued_messages_.load(std::memory_order_relaxed); }
  /// Why send() gave kError, or why the producer is finished. Only on the thread that sends.
  [[nodiscard]] const std::optional<KafkaError>& last_error() const { return last_error_; }
  /// Set once the producer is finished: make another, and publish again from what was acknowledged.
  [[nodiscard]] bool is_fatal() const { return fatal_.load(std::memory_order_relaxed); }

 private:
  struct Client;
  Producer();

  std::unique_ptr<Client> client_;
  DeliverySink sink_;
  std::size_t queue_bytes_max_ = 0;
  std::optional<KafkaError> last_error_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<std::size_t> queued_messages_{0};
  std::atomic<bool> fatal_{false};
};

}  // namespace farshore::kafka
