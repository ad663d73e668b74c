#include "change/watermark.hpp"

#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {

void append_watermark(const Watermark& watermark, std::string& out) {
  v1::Watermark message;
  message.set_time_us(watermark.time.time_since_epoch().count());
  message.set_position(watermark.position);
  message.set_seq(watermark.seq.raw());
  message.set_clock_offset_us(watermark.clock_offset.count());
  message.set_numbering_digest(watermark.numbering_digest);
  message.AppendToString(&out);
}

std::expected<Watermark, MessageError> parse_watermark(std::string_view bytes) {
  v1::Watermark message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  if (message.position().size() > kMaxPositionBytes) return std::unexpected(MessageError::kMalformed);
  Watermark watermark;
  watermark.time = SourceTime(std::chrono::microseconds(message.time_us()));
  watermark.position = message.position();
  watermark.seq = Seq(message.seq());
  watermark.clock_offset = std::chrono::microseconds(message.clock_offset_us());
  watermark.numbering_digest = message.numbering_digest();
  return watermark;
}

}  // namespace farshore::change
