#include "binlog/unpacked_events.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "binlog/event_parser.hpp"

namespace farshore::binlog {
namespace {

/// The plain type of what MariaDB has compressed; unknown: it is not.
EventType plain_type(EventType type) {
  switch (type) {
    case EventType::kMariadbQueryCompressed: return EventType::kQuery;
    case EventType::kMariadbWriteRowsCompressed: return EventType::kWriteRowsV1;
    case EventType::kMariadbUpdateRowsCompressed: return EventType::kUpdateRowsV1;
    case EventType::kMariadbDeleteRowsCompressed: return EventType::kDeleteRowsV1;
    default: return EventType::kUnknown;
  }
}

}  // namespace

/// TRANSACTION_PAYLOAD: fields, each type (lenenc) | length (lenenc) | value (lenenc), until type 0 alone: 1 size of
/// what follows, 2 compression (0 zstd, 255 none), 3 its size unpacked | events without checksums, packed. Source:
/// MySQL "Transaction_payload_event".
class UnpackedEvents::Payload {
 public:
  explicit Payload(std::string_view body) : decompressor_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    ByteReader reader(body);
    while (reader.ok()) {
      const std::uint64_t type = reader.lenenc();
      if (type == 0) break;
      const std::uint64_t size = reader.lenenc();
      ByteReader value(reader.bytes(size));
      const std::uint64_t number = value.lenenc();
      if (type == 2) compression_ = number;
      if (type == 3) left_ = number;
    }
    packed_ = {.src = reader.rest().data(), .size = reader.left(), .pos = 0};
    is_good_ = reader.ok() && decompressor_ != nullptr && (compression_ == kZstd || compression_ == kNone);
  }

  [[nodiscard]] bool done() const { return left_ == 0; }

  /// The next event's bytes, in `out`. False: they are no event, or one above the bound.
  [[nodiscard]] bool next(std::size_t bytes_max, std::string& out) {
    out.resize(EventHeader::kSize);
    if (!read(out.data(), out.size())) return false;
    const std::uint32_t size = read_header(out).size;
    if (size < EventHeader::kSize || size > bytes_max) return false;
    out.resize(size);
    return read(out.data() + EventHeader::kSize, size - EventHeader::kSize);
  }

 private:
  static constexpr std::uint64_t kZstd = 0;
  static constexpr std::uint64_t kNone = 255;

  [[nodiscard]] bool read(char* to, std::size_t size) {
    if (!is_good_ || size > left_) return false;
    left_ -= size;
    if (compression_ == kNone) {
      if (size > packed_.size - packed_.pos) return false;
      std::memcpy(to, static_cast<const char*>(packed_.src) + packed_.pos, size);
      packed_.pos += size;
      return true;
    }
    ZSTD_outBuffer out{.dst = to, .size = size, .pos = 0};
    while (out.pos < out.size) {
      const std::size_t before = out.pos + packed_.pos;
      if (ZSTD_isError(ZSTD_decompressStream(decompressor_.get(), &out, &packed_)) != 0) return false;
      if (out.pos + packed_.pos == before) return false;
    }
    return true;
  }

  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> decompressor_;
  std::uint64_t compression_ = kNone;
  std::uint64_t left_ = 0;  ///< bytes to come, unpacked
  ZSTD_inBuffer packed_{};
  bool is_good_ = false;
};

UnpackedEvents::UnpackedEvents(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}
UnpackedEvents::~UnpackedEvents() = default;

void UnpackedEvents::take(const RawEvent& raw) {
  FARSHORE_CHECK(empty());
  taken_ = raw;
}

RawEvent UnpackedEvents::give() {
  FARSHORE_CHECK(!empty());
  switch (taken_->header.type) {
    case EventType::kTransactionPayload: return next_of_payload();
    case EventType::kMariadbQueryCompressed: return unpack_statement();
    case EventType::kMariadbUpdateRowsCompressed: return unpack_rows(true);
    case EventType::kMariadbWriteRowsCompressed:
    case EventType::kMariadbDeleteRowsCompressed: return unpack_rows(false);
    default: return pass();
  }
}

RawEvent UnpackedEvents::pass() { return *std::exchange(taken_, std::nullopt); }

/// QUERY_COMPRESSED: as QUERY, but for its text.
RawEvent UnpackedEvents::unpack_statement() {
  constexpr std::size_t kFixedSize = 4 + 4 + 1 + 2 + 2;
  const RawEvent raw = pass();
  ByteReader reader(raw.body);
  reader.skip(8);
  const std::size_t schema = reader.u8();
  reader.skip(2);
  const std::size_t status = reader.u16();
  const std::size_t plain = kFixedSize + status + schema + 1;
  if (!reader.ok() || raw.body.size() < plain) return raw;
  body_ = raw.body.substr(0, plain);
  if (!append_unpacked(raw.body.substr(plain))) return raw;
  RawEvent unpacked{raw.header, body_};
  unpacked.header.type = plain_type(raw.header.type);
  return unpacked;
}

/// Compressed rows: as ROWS of version 1, but for the row images.
RawEvent UnpackedEvents::unpack_rows(bool is_update) {
  const RawEvent raw = pass();
  ByteReader reader(raw.body);
  reader.skip(6 + 2);
  const std::uint64_t columns = reader.lenenc();
  const std::uint64_t bitmap = columns / 8 + (columns % 8 == 0 ? 0 : 1);
  reader.skip(bitmap);
  if (is_update) reader.skip(bitmap);
  if (!reader.ok()) return raw;
  body_ = raw.body.substr(0, raw.body.size() - reader.left());
  if (!append_unpacked(reader.rest())) return raw;
  RawEvent unpacked{raw.header, body_};
  unpacked.header.type = plain_type(raw.header.type);
  return unpacked;
}

/// The high bit, algorithm (3 bits; 0: zlib), width (4 bits) | size unpacked, the high byte first | packed bytes.
bool UnpackedEvents::append_unpacked(std::string_view packed) {
  ByteReader reader(packed);
  const std::uint8_t head = reader.u8();
  const unsigned width = head & 0x07U;
  std::uint64_t size = 0;
  for (unsigned i = 0; i < width; ++i) size = size << 8U | reader.u8();
  if (!reader.ok() || (head & 0xF8U) != 0x80 || width > 4 || size > event_bytes_max_) return false;
  const std::size_t before = body_.size();
  body_.resize(before + size);
  auto written = static_cast<uLongf>(size);
  const int result =
      uncompress(reinterpret_cast<Bytef*>(body_.data() + before), &written,
                 reinterpret_cast<const Bytef*>(reader.rest().data()), static_cast<uLong>(reader.left()));
  return result == Z_OK && written == size;
}

/// First one in its place that carries nothing, so that the position is known; then what it holds.
RawEvent UnpackedEvents::next_of_payload() {
  RawEvent place = *taken_;
  if (payload_ == nullptr) {
    payload_ = std::make_unique<Payload>(taken_->body);
    place.header.type = EventType::kIgnorable;
    place.body = {};
    return place;
  }
  if (!payload_->next(event_bytes_max_, body_)) {
    payload_.reset();
    place = pass();
    place.header.size = 0;
    return place;
  }
  RawEvent event{read_header(body_), std::string_view(body_).substr(EventHeader::kSize)};
  event.header.size = 0;
  event.header.log_pos = 0;
  if (payload_->done()) {
    payload_.reset();
    taken_.reset();
  }
  return event;
}

}  // namespace farshore::binlog
