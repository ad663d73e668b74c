#include "services/apply/group_records.hpp"

#include <utility>

namespace farshore::apply {
namespace {

constexpr std::chrono::milliseconds kSeekTimeout{2000};

}  // namespace

void GroupRecords::consume(std::vector<Arrival>& out, std::size_t max, std::chrono::milliseconds timeout) {
  queue_.consume(records_, max, timeout);
  for (kafka::Record& record : records_) {
    if (record.is_partition_end()) continue;
    Arrival& arrival = out.emplace_back();
    arrival.place = {.topic = std::string(record.topic()), .partition = record.partition()};
    arrival.generation = record.generation();
    if (auto error = record.error()) {
      arrival.record = std::unexpected(std::move(*error));
      continue;
    }
    arrival.record = pool_.get();
    (*arrival.record)->hold(std::move(record), local_now());
  }
  records_.clear();
}

std::expected<void, std::string> GroupRecords::go_to(const kafka::TopicPartition& place, KafkaOffset offset) {
  if (const auto sought = consumer_.seek(place, offset, kSeekTimeout); !sought)
    return std::unexpected(sought.error().message);
  if (!consumer_.resume(place)) return std::unexpected("the Kafka consumer could not be resumed; it is tried again");
  return {};
}

}  // namespace farshore::apply
