#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "binlog/events.hpp"

namespace farshore::binlog {

/// Gives compressed events as what they hold: MySQL's compressed transactions as their events, one at a time, and
/// MariaDB's compressed rows and statements as plain ones. All others pass. Stands right behind a stream.
///
/// What it cannot unpack it gives as it is, and the decoder says so, if it matters: bytes that make no sense, or an
/// event above the bound. A transaction may be as large as it is: memory holds one of its events, and zstd's window.
/// Not thread safe.
class UnpackedEvents {
 public:
  /// `event_bytes_max`: of one event, unpacked.
  explicit UnpackedEvents(std::size_t event_bytes_max);
  ~UnpackedEvents();
  UnpackedEvents(const UnpackedEvents&) = delete;
  UnpackedEvents& operator=(const UnpackedEvents&) = delete;

  /// The next event of the stream; empty() before. Its body is read until empty() again.
  void take(const RawEvent& raw);
  /// The next event; not empty() before. Its body is valid until the next call of either. A size of 0 in its header: it
  /// is no event of the binlog file, but of the one that was given before.
  [[nodiscard]] RawEvent give();
  [[nodiscard]] bool empty() const { return !taken_; }

 private:
  class Payload;

  [[nodiscard]] RawEvent pass();
  [[nodiscard]] RawEvent unpack_rows(bool is_update);
  [[nodiscard]] RawEvent unpack_statement();
  [[nodiscard]] RawEvent next_of_payload();
  [[nodiscard]] bool append_unpacked(std::string_view packed);

  const std::size_t event_bytes_max_;
  std::optional<RawEvent> taken_;
  std::string body_;                  ///< of the event that was given last
  std::unique_ptr<Payload> payload_;  ///< of taken_, as far as it was given; null: not begun
};

}  // namespace farshore::binlog
