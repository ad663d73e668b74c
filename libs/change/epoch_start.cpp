#include "change/epoch_start.hpp"

#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {
namespace {

using Ends = google::protobuf::RepeatedPtrField<v1::PartitionEnd>;

void to_message(const std::vector<PartitionEnd>& ends, Ends& out) {
  for (const PartitionEnd& end : ends) {
    v1::PartitionEnd& message = *out.Add();
    message.set_stream(end.stream);
    message.set_partition(static_cast<std::uint32_t>(end.partition.raw()));
    message.set_last_seq(end.last_seq.raw());
  }
}

std::expected<std::vector<PartitionEnd>, MessageError> from_message(const Ends& messages) {
  if (static_cast<std::size_t>(messages.size()) > kMaxPartitions) return std::unexpected(MessageError::kMalformed);
  std::vector<PartitionEnd> ends;
  ends.reserve(static_cast<std::size_t>(messages.size()));
  for (const v1::PartitionEnd& message : messages) {
    if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
    if (message.stream().empty() || message.stream().size() > kMaxNameBytes || message.partition() >= kMaxPartitions) {
      return std::unexpected(MessageError::kMalformed);
    }
    ends.push_back(
        {message.stream(), PartitionId(static_cast<std::int32_t>(message.partition())), Seq(message.last_seq())});
  }
  return ends;
}

}  // namespace

void append_epoch_start(const EpochStart& start, std::string& out) {
  v1::EpochStart message;
  message.set_continues_epoch(start.continues.epoch.raw());
  message.set_continues_incarnation(start.continues.incarnation.raw());
  to_message(start.continued, *message.mutable_continues());
  message.set_begins_at(start.begins_at);
  to_message(start.partitions, *message.mutable_partitions());
  message.set_numbering_digest(start.numbering_digest);
  message.set_numbering_changed(start.numbering_changed);
  message.set_reason(start.reason);
  message.AppendToString(&out);
}

std::expected<EpochStart, MessageError> parse_epoch_start(std::string_view bytes) {
  v1::EpochStart message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  if (message.begins_at().size() > kMaxPositionBytes) return std::unexpected(MessageError::kMalformed);
  auto continued = from_message(message.continues());
  if (!continued) return std::unexpected(continued.error());
  auto partitions = from_message(message.partitions());
  if (!partitions) return std::unexpected(partitions.error());
  EpochStart start;
  start.continues = {Epoch(message.continues_epoch()), Incarnation(message.continues_incarnation())};
  start.continued = std::move(*continued);
  start.begins_at = message.begins_at();
  start.partitions = std::move(*partitions);
  start.numbering_digest = message.numbering_digest();
  start.numbering_changed = message.numbering_changed();
  start.reason = message.reason();
  return start;
}

}  // namespace farshore::change
