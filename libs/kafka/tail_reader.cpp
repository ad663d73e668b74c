#include "kafka/tail_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kafka/rdkafka_handles.hpp"

namespace farshore::kafka {

struct TailReader::Client : LogContext {
  ClientHandle handle;

  std::expected<ReadRange, KafkaError> range_of(const TopicPartition& partition, const std::string& what,
                                                std::chrono::milliseconds timeout) const {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code = ask(*this, timeout, [&](int slice) {
      return rd_kafka_query_watermark_offsets(handle.get(), partition.topic.c_str(), partition.partition.raw(), &low,
                                              &high, slice);
    });
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(make_error(code, what));
    return ReadRange{KafkaOffset(low), KafkaOffset(high), false};
  }

  /// The partition is assigned. Reads to range.end, or to the last committed record before it.
  std::expected<ReadRange, KafkaError> read(ReadRange range, const std::function<bool(const Record&)>& each,
                                            const std::string& what, std::chrono::milliseconds timeout) const {
    Deadline deadline(timeout);
    while (!gives_up()) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(handle.get(), to_ms(deadline.slice()));
      if (message == nullptr && !deadline.passed()) continue;
      if (message == nullptr) break;
      const rd_kafka_resp_err_t code = message->err;
      const Record record(message, 0);
      // The group is no more than a name that librdkafka wants: nobody need be allowed to use it.
      if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED && !deadline.passed()) continue;
      if (record.is_partition_end()) return range;
      if (auto error = record.error()) {
        if (error->kind == KafkaError::Kind::kUnreachable || error->kind == KafkaError::Kind::kRetriable) continue;
        return std::unexpected(std::move(*error));
      }
      if (record.offset() >= range.end) return range;
      if (!each(record)) {
        range.stopped = true;
        return range;
      }
      if (record.offset().next() >= range.end) return range;
      deadline = Deadline(timeout);
    }
    return std::unexpected(make_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what));
  }
};

TailReader::TailReader() : client_(std::make_unique<Client>()) {}
TailReader::~TailReader() = default;

std::expected<std::unique_ptr<TailReader>, KafkaError> TailReader::create(const ClusterSettings& settings) {
  std::unique_ptr<TailReader> reader(new TailReader());
  reader->client_->log = settings.log;
  reader->client_->give_up = settings.give_up;
  ConfBuilder conf(settings);
  // librdkafka wants a group even of a consumer that only assigns; it never joins one.
  conf.set("group.id", "farshore.tail")
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      .set("auto.offset.reset", "error")
      .set("check.crcs", "true")
      .set("isolation.level", "read_committed")
      .set("enable.partition.eof", "true")
      .set("queued.max.messages.kbytes", "2048")
      .set("fetch.queue.backoff.ms", "5")
      .set("fetch.error.backoff.ms", "50")
      // A fetch that waits at one partition's end would hold up the first one of the next.
      .set("fetch.wait.max.ms", "10")
      .set("fetch.message.max.bytes", "1048576")
      .set("fetch.max.bytes", "1048576")
      .set("receive.message.max.bytes", "33554432");
  auto handle = conf.make(RD_KAFKA_CONSUMER, reader->client_.get());
  if (!handle) return std::unexpected(std::move(handle.error()));
  reader->client_->handle = std::move(*handle);
  rd_kafka_poll_set_consumer(reader->client_->handle.get());
  return reader;
}

std::expected<ReadRange, KafkaError> TailReader::read_range(const TopicPartition& partition, KafkaOffset from,
                                                            const std::function<bool(const Record&)>& each,
                                                            std::chrono::milliseconds timeout) {
  const std::string what = fmt::format("read {} [{}]", partition.topic, partition.partition.raw());
  auto range = client_->range_of(partition, what, timeout);
  if (!range) return range;
  const KafkaOffset start = std::max(from, range->low);  // kBeginning is below every offset
  if (start >= range->end) return range;
  const PartitionList list = list_of(partition, start);
  if (const auto code = rd_kafka_assign(client_->handle.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(make_error(code, what));
  }
  auto result = client_->read(*range, each, what, timeout);
  (void)rd_kafka_assign(client_->handle.get(), nullptr);
  return result;
}

std::expected<std::optional<std::string>, KafkaError> TailReader::read_compacted_last(
    const std::string& topic, std::string_view key, std::chrono::milliseconds timeout) {
  std::optional<std::string> last;
  const auto keep = [&](const Record& record) {
    if (record.key() != key) return true;
    last.reset();
    if (record.value().data() != nullptr) last = std::string(record.value());
    return true;
  };
  const auto range = read_range({topic, PartitionId(0)}, kBeginning, keep, timeout);
  if (!range) return std::unexpected(range.error());
  return last;
}

}  // namespace farshore::kafka
