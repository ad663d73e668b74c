#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "base/collation.hpp"
#include "base/endpoint.hpp"
#include "base/gtid.hpp"
#include "binlog/event_parser.hpp"
#include "binlog/events.hpp"

struct st_mysql;

namespace farshore::binlog {

/// Why there are no (more) events.
struct StreamError {
  enum class Kind : std::uint8_t {
    kUnreachable,        ///< nobody answers at the address, or another server than the one that is meant
    kAccessDenied,       ///< user, password or the REPLICATION SLAVE privilege
    kTlsRefused,         ///< TLS is wanted and cannot be had, or the certificate does not verify
    kPurged,             ///< the source no longer has the binlogs that follow the position
    kHistoryMissing,     ///< the source does not know the position's transactions
    kDuplicateServerId,  ///< another client reads with our server id, and the source dropped us
    kStalled,            ///< nothing came within the read timeout, not even a heartbeat
    kClosed,             ///< the source, or interrupt(), ended the connection
    kProtocol,           ///< the source sent something that we do not understand
  };
  Kind kind{};
  std::string message;  ///< one sentence for people

  /// The same open() may succeed later without anybody mending something.
  [[nodiscard]] bool retry() const;
};

struct StreamOptions {
  std::uint32_t server_id = 0;  ///< unique among the source's replicas, not 0
  std::string replica_uuid;     ///< MySQL: unique, a UUID in text; empty: none is sent
  /// Which server has to answer: server_uuid (MySQL), "server_id:gtid_domain_id" (MariaDB). Empty: any.
  std::string source_identity;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds heartbeat{1'000};     ///< the idle source says that it is there this often
  std::chrono::milliseconds read_timeout{5'000};  ///< rounded up to whole seconds; above `heartbeat`
  /// Silence allowed before the first transaction or heartbeat: a source may have to look through its binlog for the
  /// position, and may say nothing meanwhile.
  std::chrono::milliseconds scan_timeout{60'000};
  std::uint32_t event_bytes_max = 64U << 20;  ///< a larger event ends the stream with kProtocol
  bool verify_checksum = true;
  bool stop_at_end = false;  ///< at the end of the binlog next() gives kClosed instead of waiting (tests, tools)
};

/// The events of a source, from the transaction that follows a position. One thread reads; interrupt() may be called
/// from another.
class BinlogStream {
 public:
  /// Connects, authenticates, and asks for everything beyond `start`. Blocks for `connect_timeout` at most per step.
  /// An empty `start` asks for the whole history: a source that purged a part of it answers kPurged (begin then at
  /// MySQL's gtid_purged, or at the MariaDB position of the oldest binlog).
  /// Some refusals (kPurged, kHistoryMissing) come only with the first next().
  [[nodiscard]] static std::expected<std::unique_ptr<BinlogStream>, StreamError> open(const DatabaseEndpoint& source,
                                                                                      ServerKind kind,
                                                                                      const OriginPosition& start,
                                                                                      const StreamOptions& options);
  ~BinlogStream();
  BinlogStream(const BinlogStream&) = delete;
  BinlogStream& operator=(const BinlogStream&) = delete;

  /// Blocks until an event is there. Heartbeats are given too. The body is valid until the next call.
  /// After an error the stream is of no further use.
  [[nodiscard]] std::expected<RawEvent, StreamError> next();

  /// A transaction or a heartbeat came: the source took the position, and a refusal comes no more.
  [[nodiscard]] bool has_begun() const { return has_begun_; }

  /// Bytes of the next event are here already, or next() has an error to tell. False: the source has been drained, for
  /// now.
  [[nodiscard]] bool has_more() const;

  /// Waits until has_more() would be true, at most `timeout`. Lets a reader look after other things while the source is
  /// idle; a source that is silent for the read timeout, without even a heartbeat, counts as having something: next()
  /// then gives kStalled.
  [[nodiscard]] bool wait_readable(std::chrono::milliseconds timeout) const;

  /// Makes a blocked or later next() return kClosed. From any thread.
  void interrupt();

 private:
  using Clock = std::chrono::steady_clock;

  BinlogStream(st_mysql* mysql, const StreamOptions& options);
  [[nodiscard]] StreamError read_error(Clock::time_point began) const;
  [[nodiscard]] bool wait_for_bytes(std::chrono::milliseconds timeout) const;
  [[nodiscard]] bool is_silent(Clock::time_point now) const {
    return now - last_event_ >= (has_begun_ ? options_.read_timeout : options_.scan_timeout);
  }

  st_mysql* const mysql_;
  const StreamOptions options_;
  const int socket_;
  std::atomic<bool> interrupted_{false};
  EventParser parser_;
  Clock::time_point last_event_;  ///< when it was received; before the first: when the dump was asked for
  bool has_begun_ = false;
};

}  // namespace farshore::binlog
