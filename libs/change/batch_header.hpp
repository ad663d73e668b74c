#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/numbers.hpp"

/// The packed header of a record of a change topic: enough to drop, order or find a batch without parsing its value.
/// One Kafka header of key kHeaderKey, little-endian:
///
///   0  u8   format version, 1
///   1  u8   kind: 1 changes, 2 watermark, 3 epoch start
///   2  u16  flags: bit 0: a batch of changes that also carries a watermark; the others are zero
///   4  u32  epoch
///   8  u64  incarnation
///  16  u64  changes: the first seq; watermark: the seq that it names; epoch start: 1
///  24  u32  changes: their count; else 0
///  28  u32  ordinal of the last change; else 0
///  32  i64  published at, by the capture's clock, microseconds since 1970 UTC
///  40  u64  checksum: XXH3-64 of this header with zero in this field, followed by the value
///  48  u32  partition
///  52  u8 n + n bytes  origin
///      u8 n + n bytes  stream
///      u8 n + n bytes  GTID of the last change, text; empty when there is none
namespace farshore::change {

inline constexpr std::string_view kHeaderKey = "farshore";
inline constexpr std::uint8_t kFormatVersion = 1;

enum class BatchKind : std::uint8_t { kChanges = 1, kWatermark = 2, kEpochStart = 3 };

/// The views of a decoded header point into the bytes given to decode_header().
struct BatchHeader {
  BatchKind kind = BatchKind::kChanges;
  bool carries_watermark = false;
  EpochId id;
  Seq first_seq;
  std::uint32_t count = 0;
  Ordinal last_ordinal;
  LocalTime published_at;
  PartitionId partition;
  std::string_view origin;
  std::string_view stream;
  std::string_view gtid;

  /// The seq of the last change; the named seq of a watermark; 0 before the first change of an epoch start.
  [[nodiscard]] Seq last_seq() const {
    if (kind == BatchKind::kChanges) return Seq(first_seq.raw() + count - 1);
    return kind == BatchKind::kWatermark ? first_seq : Seq(0);
  }
};

enum class HeaderError : std::uint8_t {
  kMalformed,    ///< too short, too long, or contradicts itself
  kNewerFormat,  ///< a version, kind or flag that this program does not know
};
[[nodiscard]] std::string_view to_string(HeaderError error);

/// Replaces `out` by the header's bytes, with the checksum over them and `value`. Names longer than kNameBytesMax are a
/// bug of the caller.
void encode_header(const BatchHeader& header, std::string_view value, std::string& out);

/// Checks form and bounds, not the checksum.
[[nodiscard]] std::expected<BatchHeader, HeaderError> decode_header(std::string_view bytes);

/// Whether header and value are those that were sent together. Bytes too short to be a header give false.
[[nodiscard]] bool checksum_ok(std::string_view header, std::string_view value);

}  // namespace farshore::change
