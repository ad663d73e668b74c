#include "binlog/stream.hpp"

// libmariadb's headers as libmariadb itself is built, else the TLS handle has no type; they take uchar for granted.
#define HAVE_TLS
using uchar = unsigned char;
#include <mysql.h>

#include <ma_pvio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "binlog/dump_request.hpp"
#include "binlog/dump_session.hpp"

namespace farshore::binlog {
namespace {

/// What mysql_net_read_packet gives for an error, whatever the width of its type.
constexpr unsigned long kPacketError = 0xFFFFFFFF;
constexpr std::uint8_t kPacketEvent = 0x00;
constexpr std::uint8_t kPacketEnd = 0xFE;
constexpr std::size_t kPacketEndBytesMax = 8;
constexpr std::size_t kSmallPacketBytesMax = 16'384;

/// Bytes that were taken off the socket already: in libmariadb's cache, or decrypted by OpenSSL (a TLS record holds up
/// to 16 KB, and libmariadb takes of it what it needs).
bool has_buffered_bytes(const MARIADB_PVIO& pvio) {
  if (pvio.cache != nullptr && pvio.cache_pos < pvio.cache + pvio.cache_size) return true;
  return pvio.ctls != nullptr && SSL_pending(static_cast<const SSL*>(pvio.ctls->ssl)) > 0;
}

/// What a source sends once it has found the position: before that come only the heads of its files.
bool is_sign_of_life(EventType type) {
  return type == EventType::kGtid || type == EventType::kMariadbGtid || is_heartbeat(type);
}

}  // namespace

bool StreamError::retry() const {
  switch (kind) {
    case Kind::kUnreachable:
    case Kind::kStalled:
    case Kind::kClosed: return true;
    case Kind::kAccessDenied:
    case Kind::kTlsRefused:
    case Kind::kPurged:
    case Kind::kHistoryMissing:
    case Kind::kDuplicateServerId:
    case Kind::kProtocol: return false;
  }
  return false;
}

std::expected<std::unique_ptr<BinlogStream>, StreamError> BinlogStream::open(const DatabaseEndpoint& source,
                                                                             ServerKind kind,
                                                                             const OriginPosition& start,
                                                                             const StreamOptions& options) {
  auto session = connect_for_dump(source, options);
  if (!session) return std::unexpected(std::move(session.error()));
  std::unique_ptr<BinlogStream> stream(new BinlogStream(*session, options));
  if (auto requested = request_dump(*session, kind, start, options); !requested) {
    return std::unexpected(std::move(requested.error()));
  }
  return stream;
}

BinlogStream::BinlogStream(st_mysql* mysql, const StreamOptions& options)
    : mysql_(mysql),
      options_(options),
      socket_(mysql_get_socket(mysql)),
      parser_(options.verify_checksum),
      last_event_(Clock::now()) {}

BinlogStream::~BinlogStream() {
  shutdown(socket_, SHUT_RDWR);  // else mysql_close would wait for what the dump thread still sends
  mysql_close(mysql_);
}

std::expected<RawEvent, StreamError> BinlogStream::next() {
  const auto began = Clock::now();
  if (interrupted_.load(std::memory_order_relaxed)) return std::unexpected(read_error(began));
  if (is_silent(began) && !wait_for_bytes(std::chrono::milliseconds(0))) return std::unexpected(stalled_error());
  const unsigned long size = mysql_net_read_packet(mysql_);
  if (size == kPacketError || size == 0) return std::unexpected(read_error(began));
  const std::string_view packet(reinterpret_cast<const char*>(mysql_->net.read_pos), size);
  const auto mark = static_cast<std::uint8_t>(packet.front());
  if (mark == kPacketEnd && size <= kPacketEndBytesMax) {
    return std::unexpected(StreamError{StreamError::Kind::kClosed, "the source ended the stream"});
  }
  if (mark != kPacketEvent) {
    return std::unexpected(StreamError{StreamError::Kind::kProtocol, "the source sent a packet that is no event"});
  }
  // The time of a small event's first byte is that of its last; asking the clock again costs more than decoding it.
  last_event_ = size <= kSmallPacketBytesMax ? began : Clock::now();
  auto event = parser_.parse(packet.substr(1));
  if (!event) return std::unexpected(StreamError{StreamError::Kind::kProtocol, std::move(event.error())});
  has_begun_ = has_begun_ || is_sign_of_life(event->header.type);
  return *event;
}

bool BinlogStream::has_more() const { return wait_readable(std::chrono::milliseconds(0)); }

bool BinlogStream::wait_readable(std::chrono::milliseconds timeout) const {
  return wait_for_bytes(timeout) || is_silent(Clock::now());
}

bool BinlogStream::wait_for_bytes(std::chrono::milliseconds timeout) const {
  const MARIADB_PVIO* pvio = mysql_->net.pvio;
  if (pvio != nullptr && has_buffered_bytes(*pvio)) return true;
  pollfd socket{.fd = socket_, .events = POLLIN, .revents = 0};
  return poll(&socket, 1, static_cast<int>(timeout.count())) > 0;
}

void BinlogStream::interrupt() {
  interrupted_.store(true, std::memory_order_relaxed);
  shutdown(socket_, SHUT_RDWR);
}

StreamError BinlogStream::read_error(Clock::time_point began) const {
  if (interrupted_.load(std::memory_order_relaxed)) return {StreamError::Kind::kClosed, "the stream was interrupted"};
  const bool waited_in_vain = Clock::now() - began >= options_.read_timeout;
  return dump_error(*mysql_, waited_in_vain);
}

}  // namespace farshore::binlog
