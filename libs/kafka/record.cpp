#include "kafka/record.hpp"

#include "kafka/rdkafka_handles.hpp"

namespace farshore::kafka {
namespace {

std::string_view header_of(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (rd_kafka_header_get_last(headers, kHeaderKey, &bytes, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}

std::string_view view_of(const void* bytes, std::size_t size) {
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : size};
}

}  // namespace

void Record::Destroy::operator()(rd_kafka_message_s* message) const { rd_kafka_message_destroy(message); }

Record::Record(rd_kafka_message_s* message, std::uint64_t generation)
    : message_(message), header_(header_of(message)), generation_(generation) {}

std::string_view Record::topic() const { return message_->rkt == nullptr ? "" : rd_kafka_topic_name(message_->rkt); }
PartitionId Record::partition() const { return PartitionId(message_->partition); }
KafkaOffset Record::offset() const { return KafkaOffset(message_->offset); }
std::string_view Record::key() const { return view_of(message_->key, message_->key_len); }

std::string_view Record::value() const {
  // An error's payload is its text.
  if (message_->err != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return view_of(message_->payload, message_->len);
}

LocalTime Record::timestamp() const {
  const std::int64_t milliseconds = rd_kafka_message_timestamp(message_.get(), nullptr);
  return LocalTime(std::chrono::milliseconds(milliseconds < 0 ? 0 : milliseconds));
}

bool Record::is_partition_end() const { return message_->err == RD_KAFKA_RESP_ERR__PARTITION_EOF; }

std::optional<KafkaError> Record::error() const {
  if (message_->err == RD_KAFKA_RESP_ERR_NO_ERROR || is_partition_end()) return std::nullopt;
  KafkaError error = make_error(message_->err, "consume");
  if (message_->payload != nullptr) {
    error.message = "consume: " + std::string(view_of(message_->payload, message_->len));
  }
  return error;
}

}  // namespace farshore::kafka
