#include "binlog/event_parser.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/byte_reader.hpp"
#include "binlog/crc32.hpp"

namespace farshore::binlog {
namespace {

constexpr std::size_t kChecksumSize = 4;
constexpr std::string_view kMagic(
    "\xfe"
    "bin",
    4);

bool checksum_fits(std::string_view event) {
  if (event.size() < EventHeader::kSize + kChecksumSize) return false;
  const std::string_view covered = event.substr(0, event.size() - kChecksumSize);
  std::uint32_t stored = 0;
  std::memcpy(&stored, covered.data() + covered.size(), kChecksumSize);
  return crc32_of(covered) == stored;
}

std::expected<RawEvent, std::string> fault(const EventHeader& header, std::string_view what) {
  return std::unexpected(fmt::format("{} event of {} bytes that ends at {}: {}", to_string(header.type), header.size,
                                     header.log_pos, what));
}

}  // namespace

EventHeader read_header(std::string_view event) {
  ByteReader reader(event.substr(0, EventHeader::kSize));
  EventHeader header;
  header.timestamp_s = reader.u32();
  header.type = static_cast<EventType>(reader.u8());
  header.server_id = reader.u32();
  header.size = reader.u32();
  header.log_pos = reader.u32();
  header.flags = reader.u16();
  return header;
}

std::expected<RawEvent, std::string> EventParser::parse(std::string_view bytes) {
  if (bytes.size() < EventHeader::kSize) {
    return std::unexpected(fmt::format("an event of {} bytes is shorter than an event header", bytes.size()));
  }
  const EventHeader header = read_header(bytes);
  if (header.size != bytes.size()) {
    return fault(header, fmt::format("{} bytes were received", bytes.size()));
  }
  if (header.type == EventType::kFormatDescription) {
    if (auto learned = learn_checksum(bytes); !learned) return fault(header, learned.error());
  }
  std::string_view body = bytes.substr(EventHeader::kSize);
  if (has_checksum(header.type, bytes)) {
    if (body.size() < kChecksumSize) return fault(header, "too short for its checksum");
    if (verify_checksum_ && !checksum_fits(bytes)) return fault(header, "the checksum is wrong");
    body.remove_suffix(kChecksumSize);
  }
  return RawEvent{header, body};
}

/// The format description event ends with the algorithm (1 byte) and, whatever the algorithm, four bytes of room for a
/// checksum. Source: MySQL "Format_description_event"; servers before 5.6.1 and MariaDB 5.3 lack both and are refused.
std::expected<void, std::string> EventParser::learn_checksum(std::string_view event) {
  constexpr std::size_t kFixedSize = 2 + 50 + 4 + 1;
  if (event.size() < EventHeader::kSize + kFixedSize + 1 + kChecksumSize) {
    return std::unexpected("too short: the server is older than MySQL 5.6 and MariaDB 10");
  }
  switch (static_cast<std::uint8_t>(event[event.size() - kChecksumSize - 1])) {
    case 0: checksum_ = Checksum::kNone; return {};
    case 1: checksum_ = Checksum::kCrc32; return {};
    default: return std::unexpected("a checksum algorithm that is not known");
  }
}

/// The dump thread's first ROTATE comes before the format description, with or without a checksum: the bytes tell.
bool EventParser::has_checksum(EventType type, std::string_view event) const {
  if (type == EventType::kFormatDescription) return true;
  switch (checksum_) {
    case Checksum::kNone: return false;
    case Checksum::kCrc32: return true;
    case Checksum::kNotKnown: return checksum_fits(event);
  }
  return false;
}

BinlogFileReader::BinlogFileReader(std::string_view file, bool verify_checksum)
    : rest_(file), parser_(verify_checksum), has_magic_(file.starts_with(kMagic)) {
  if (has_magic_) rest_.remove_prefix(kMagic.size());
}

std::expected<RawEvent, std::string> BinlogFileReader::next() {
  if (!has_magic_) return std::unexpected("the file does not begin as a binlog does");
  if (rest_.size() < EventHeader::kSize) return std::unexpected("the file is cut short in an event header");
  const std::uint32_t size = read_header(rest_).size;
  if (size < EventHeader::kSize || size > rest_.size()) {
    return std::unexpected(fmt::format("the file is cut short: {} bytes left for an event of {}", rest_.size(), size));
  }
  auto event = parser_.parse(rest_.substr(0, size));
  if (event) rest_.remove_prefix(size);
  return event;
}

}  // namespace farshore::binlog
