#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "change/message_error.hpp"

namespace farshore::change {

/// "Every change of this origin committed up to `time`, that is up to `position`, is at or before `seq` of this
/// partition in the record's epoch."
struct Watermark {
  SourceTime time;
  std::string position;                    ///< origin position, text
  Seq seq;                                 ///< 0: the partition has no change yet in this epoch
  std::chrono::microseconds clock_offset;  ///< source's clock minus capture's clock
  std::uint64_t numbering_digest = 0;

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

/// Appends the serialized farshore.v1.Watermark.
void append_watermark(const Watermark& watermark, std::string& out);
[[nodiscard]] std::expected<Watermark, MessageError> parse_watermark(std::string_view bytes);

}  // namespace farshore::change
