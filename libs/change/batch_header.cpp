#include "change/batch_header.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstring>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "change/limits.hpp"

namespace farshore::change {
namespace {

constexpr std::size_t kChecksumAt = 40;
constexpr std::size_t kNamesAt = 52;
constexpr std::uint16_t kFlagCarriesWatermark = 1;

std::uint64_t checksum_of(std::string_view header, std::string_view value) {
  constexpr std::array<char, sizeof(std::uint64_t)> kZero{};
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, header.data(), kChecksumAt);
  XXH3_64bits_update(&state, kZero.data(), kZero.size());
  const std::string_view tail = header.substr(kChecksumAt + kZero.size());
  XXH3_64bits_update(&state, tail.data(), tail.size());
  if (!value.empty()) XXH3_64bits_update(&state, value.data(), value.size());
  return XXH3_64bits_digest(&state);
}

template <typename T>
void append_number(T number, std::string& out) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &number, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

void append_name(std::string_view name, std::string& out) {
  FARSHORE_CHECK(name.size() <= kNameBytesMax);
  out.push_back(static_cast<char>(name.size()));
  out.append(name);
}

bool is_consistent(const BatchHeader& header) {
  if (header.partition.raw() < 0 || header.origin.empty() || header.stream.empty()) return false;
  switch (header.kind) {
    case BatchKind::kChanges:
      return header.count > 0 && header.count <= kBatchChangesMax && header.first_seq.raw() > 0 &&
             header.first_seq.raw() + header.count > header.first_seq.raw() && !header.gtid.empty();
    case BatchKind::kWatermark:
    case BatchKind::kEpochStart:
      return header.count == 0 && header.last_ordinal.raw() == 0 && header.gtid.empty() && !header.carries_watermark &&
             (header.kind == BatchKind::kWatermark || header.first_seq.raw() == 1);
  }
  return false;
}

}  // namespace

std::string_view to_string(HeaderError error) {
  switch (error) {
    case HeaderError::kMalformed: return "the header is malformed";
    case HeaderError::kNewerFormat: return "the header is of a newer format";
  }
  return "";
}

void encode_header(const BatchHeader& header, std::string_view value, std::string& out) {
  FARSHORE_CHECK(is_consistent(header));
  out.clear();
  out.push_back(static_cast<char>(kFormatVersion));
  out.push_back(static_cast<char>(header.kind));
  append_number<std::uint16_t>(header.carries_watermark ? kFlagCarriesWatermark : 0, out);
  append_number(header.id.epoch.raw(), out);
  append_number(header.id.incarnation.raw(), out);
  append_number(header.first_seq.raw(), out);
  append_number(header.count, out);
  append_number(header.last_ordinal.raw(), out);
  append_number<std::int64_t>(header.published_at.time_since_epoch().count(), out);
  append_number<std::uint64_t>(0, out);
  append_number(static_cast<std::uint32_t>(header.partition.raw()), out);
  append_name(header.origin, out);
  append_name(header.stream, out);
  append_name(header.gtid, out);
  const std::uint64_t checksum = checksum_of(out, value);
  std::memcpy(out.data() + kChecksumAt, &checksum, sizeof checksum);
}

std::expected<BatchHeader, HeaderError> decode_header(std::string_view bytes) {
  ByteReader reader(bytes);
  BatchHeader header;
  const std::uint8_t version = reader.u8();
  const std::uint8_t kind = reader.u8();
  const std::uint16_t flags = reader.u16();
  if (!reader.ok()) return std::unexpected(HeaderError::kMalformed);
  if (version > kFormatVersion) return std::unexpected(HeaderError::kNewerFormat);
  if (version == 0 || kind == 0) return std::unexpected(HeaderError::kMalformed);
  if (kind > static_cast<std::uint8_t>(BatchKind::kEpochStart) || (flags & ~kFlagCarriesWatermark) != 0) {
    return std::unexpected(HeaderError::kNewerFormat);
  }
  header.kind = static_cast<BatchKind>(kind);
  header.carries_watermark = (flags & kFlagCarriesWatermark) != 0;
  header.id.epoch = Epoch(reader.u32());
  header.id.incarnation = Incarnation(reader.u64());
  header.first_seq = Seq(reader.u64());
  header.count = reader.u32();
  header.last_ordinal = Ordinal(reader.u32());
  header.published_at = LocalTime(std::chrono::microseconds(static_cast<std::int64_t>(reader.u64())));
  reader.skip(sizeof(std::uint64_t));
  header.partition = PartitionId(static_cast<std::int32_t>(reader.u32()));
  header.origin = reader.bytes(reader.u8());
  header.stream = reader.bytes(reader.u8());
  header.gtid = reader.bytes(reader.u8());
  if (!reader.ok() || !reader.done() || !is_consistent(header)) return std::unexpected(HeaderError::kMalformed);
  return header;
}

bool checksum_ok(std::string_view header, std::string_view value) {
  if (header.size() < kNamesAt) return false;
  std::uint64_t wanted = 0;
  std::memcpy(&wanted, header.data() + kChecksumAt, sizeof wanted);
  return checksum_of(header, value) == wanted;
}

}  // namespace farshore::change
