#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "change/message_error.hpp"

namespace farshore::change {

/// A table of which the origin's own region does not know that it is equal to another region's: its rows there may be
/// others than what it has published.
struct Doubt {
  std::string table;     ///< "schema.table"; empty: every table of the stream
  SourceTime said_at{};  ///< when it was last said there, by the source's clock: another time is another doubt

  friend bool operator==(const Doubt&, const Doubt&) = default;
};

/// By stream.
using Doubts = std::map<std::string, std::vector<Doubt>, std::less<>>;

/// "Every change of this origin committed up to `time`, that is up to `position`, is at or before `seq` of this
/// partition in the record's epoch."
struct Watermark {
  SourceTime time;
  OriginPosition position;
  Seq seq;                                 ///< 0: the partition has no change yet in this epoch
  std::chrono::microseconds clock_offset;  ///< source's clock minus capture's clock
  std::uint64_t numbering_digest = 0;
  std::vector<Doubt> doubts{};  ///< all of the stream, at most kDoubtsMax, as they were at `time` or later

  friend bool operator==(const Watermark&, const Watermark&) = default;
};

/// Appends the serialized farshore.v1.Watermark.
void append_watermark(const Watermark& watermark, std::string& out);
[[nodiscard]] std::expected<Watermark, MessageError> parse_watermark(std::string_view bytes);

}  // namespace farshore::change
