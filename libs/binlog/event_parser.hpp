#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "binlog/events.hpp"

namespace farshore::binlog {

/// Of the event that `bytes` begin with, kSize of them at least.
[[nodiscard]] EventHeader read_header(std::string_view bytes);

/// Splits the bytes of one event into header and body, and takes off the checksum. Which checksum the events have is
/// taken from the format description event, as it passes. Not thread safe.
class EventParser {
 public:
  /// A wrong checksum is an error unless `verify_checksum` is false.
  explicit EventParser(bool verify_checksum = true) : verify_checksum_(verify_checksum) {}

  /// `bytes` is one whole event. The body is a view into it. The error is a sentence.
  [[nodiscard]] std::expected<RawEvent, std::string> parse(std::string_view bytes);

 private:
  enum class Checksum : std::uint8_t { kNotKnown, kNone, kCrc32 };

  [[nodiscard]] std::expected<void, std::string> learn_checksum(std::string_view event);
  [[nodiscard]] bool has_checksum(EventType type, std::string_view event) const;

  const bool verify_checksum_;
  Checksum checksum_ = Checksum::kNotKnown;
};

/// Reads the events of a binlog file that is in memory: tests, benchmarks, tools.
class BinlogFileReader {
 public:
  /// `file` is the whole content, magic included, and outlives the reader.
  explicit BinlogFileReader(std::string_view file, bool verify_checksum = true);

  /// The next event; a sentence when the bytes are no binlog, or it is cut short. Ask `done()` first.
  [[nodiscard]] std::expected<RawEvent, std::string> next();
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  EventParser parser_;
  bool has_magic_ = false;
};

}  // namespace farshore::binlog
