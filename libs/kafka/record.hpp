#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/numbers.hpp"
#include "kafka/error.hpp"

struct rd_kafka_message_s;

namespace farshore::kafka {

/// A record that was consumed, or an error of its partition. Owns the bytes; its views live as long as it does, moved
/// or not. May be destroyed on any thread, before its consumer is.
class Record {
 public:
  /// Takes the message over. `generation` is that of the assignment it came under.
  Record(rd_kafka_message_s* message, std::uint64_t generation);
  Record(Record&&) noexcept = default;
  Record& operator=(Record&&) noexcept = default;

  [[nodiscard]] std::string_view topic() const;
  [[nodiscard]] PartitionId partition() const;
  [[nodiscard]] KafkaOffset offset() const;
  /// The packed header (Kafka header "farshore"); empty if there is none.
  [[nodiscard]] std::string_view header() const { return header_; }
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::string_view value() const;
  /// By the broker's or producer's clock; microseconds since 1970 UTC (of millisecond precision).
  [[nodiscard]] LocalTime timestamp() const;
  [[nodiscard]] std::size_t bytes() const { return header().size() + key().size() + value().size(); }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  /// The end of the partition was reached (only if asked for). No header, no value; offset() is the next one.
  [[nodiscard]] bool is_partition_end() const;
  /// An error of the partition in place of a record: kOffsetOutOfRange, kUnknownTopic, ...; the partition delivers
  /// nothing more until it is sought or assigned again. Not set for a partition's end.
  [[nodiscard]] std::optional<KafkaError> error() const;

 private:
  struct Destroy {
    void operator()(rd_kafka_message_s* message) const;
  };
  std::unique_ptr<rd_kafka_message_s, Destroy> message_;
  std::string_view header_;
  std::uint64_t generation_;
};

}  // namespace farshore::kafka
