#include "change/watermark.hpp"

#include <algorithm>
#include <utility>

#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {
namespace {

/// Of UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::expected<std::vector<Doubt>, MessageError> doubts_of(const v1::Watermark& message) {
  if (static_cast<std::size_t>(message.doubts_size()) > kDoubtsMax) return std::unexpected(MessageError::kMalformed);
  std::vector<Doubt> doubts;
  for (const v1::Doubt& doubt : message.doubts()) {
    if (has_unknown_fields(doubt)) return std::unexpected(MessageError::kNewerFormat);
    if (characters(doubt.table()) > kTableNameCharsMax || doubt.said_at_us() <= 0)
      return std::unexpected(MessageError::kMalformed);
    doubts.push_back({.table = doubt.table(), .said_at = SourceTime(std::chrono::microseconds(doubt.said_at_us()))});
  }
  return doubts;
}

}  // namespace

void append_watermark(const Watermark& watermark, std::string& out) {
  v1::Watermark message;
  message.set_time_us(watermark.time.time_since_epoch().count());
  message.set_position(watermark.position.to_string());
  message.set_seq(watermark.seq.raw());
  message.set_clock_offset_us(watermark.clock_offset.count());
  message.set_numbering_digest(watermark.numbering_digest);
  for (const Doubt& doubt : watermark.doubts) {
    v1::Doubt& added = *message.add_doubts();
    added.set_table(doubt.table);
    added.set_said_at_us(doubt.said_at.time_since_epoch().count());
  }
  message.AppendToString(&out);
}

std::expected<Watermark, MessageError> parse_watermark(std::string_view bytes) {
  v1::Watermark message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  auto position = OriginPosition::parse(message.position());
  if (!position) return std::unexpected(MessageError::kMalformed);
  auto doubts = doubts_of(message);
  if (!doubts) return std::unexpected(doubts.error());
  Watermark watermark;
  watermark.time = SourceTime(std::chrono::microseconds(message.time_us()));
  watermark.position = std::move(*position);
  watermark.seq = Seq(message.seq());
  watermark.clock_offset = std::chrono::microseconds(message.clock_offset_us());
  watermark.numbering_digest = message.numbering_digest();
  watermark.doubts = std::move(*doubts);
  return watermark;
}

}  // namespace farshore::change
