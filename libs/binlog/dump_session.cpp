#include "binlog/dump_session.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>

#include <array>
#include <chrono>
#include <string_view>

namespace farshore::binlog {
namespace {

using Kind = StreamError::Kind;

/// Server error numbers. Source: MySQL and MariaDB error reference.
enum ServerError : unsigned {
  kAccessDeniedForDatabase = 1044,
  kAccessDeniedForUser = 1045,
  kServerShutdown = 1053,
  kHostNotAllowed = 1130,
  kSpecificAccessDenied = 1227,
  kReadingBinlogFailed = 1236,
  kQueryInterrupted = 1317,
  kAccessDeniedWithoutPassword = 1698,
  kPasswordMustChange = 1820,
  kPasswordExpired = 1862,
  kConnectionKilled = 1927,
  kAccountLocked = 3118,
  kMariadbSlaveSameId = 4052,
};

unsigned whole_seconds(std::chrono::milliseconds time) {
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

void set_options(MYSQL* mysql, const DatabaseEndpoint& source, const StreamOptions& options) {
  const unsigned connect_s = whole_seconds(options.connect_timeout);
  const unsigned read_s = whole_seconds(options.read_timeout);
  const unsigned long packet_bytes_max = options.event_bytes_max;
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
  mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes_max);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "farshore-capture");

  const TlsSettings& tls = source.tls;
  if (tls.mode == TlsMode::kDisabled) return;
  const my_bool yes = 1;
  const my_bool verify = tls.mode == TlsMode::kVerify ? 1 : 0;
  mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (!tls.ca.empty()) mysql_options(mysql, MYSQL_OPT_SSL_CA, tls.ca.c_str());
  if (!tls.cert.empty()) mysql_options(mysql, MYSQL_OPT_SSL_CERT, tls.cert.c_str());
  if (!tls.key.empty()) mysql_options(mysql, MYSQL_OPT_SSL_KEY, tls.key.c_str());
}

/// The reasons that the server puts into one error number, by their words; the first that fits decides.
struct Reason {
  std::string_view words;
  Kind kind;
};
constexpr std::array kReasons = {
    Reason{"same server_uuid/server_id", Kind::kDuplicateServerId},
    Reason{"same server_id", Kind::kDuplicateServerId},
    Reason{"more GTIDs than", Kind::kHistoryMissing},             // MySQL: our position has more than the source
    Reason{"not in the master's binlog", Kind::kHistoryMissing},  // MariaDB
    Reason{"slave has diverged", Kind::kHistoryMissing},          // MariaDB
    Reason{"purged", Kind::kPurged},
    Reason{"Could not find first log file name", Kind::kPurged},
    Reason{"Could not find GTID state", Kind::kPurged},
};

Kind kind_of_dump_failure(std::string_view text) {
  for (const Reason& reason : kReasons) {
    if (text.find(reason.words) != std::string_view::npos) return reason.kind;
  }
  return Kind::kProtocol;
}

Kind kind_of(unsigned number, std::string_view text) {
  switch (number) {
    case kAccessDeniedForDatabase:
    case kAccessDeniedForUser:
    case kAccessDeniedWithoutPassword:
    case kHostNotAllowed:
    case kSpecificAccessDenied:
    case kPasswordMustChange:
    case kPasswordExpired:
    case kAccountLocked:
    case CR_AUTH_PLUGIN_CANNOT_LOAD: return Kind::kAccessDenied;
    case CR_SSL_CONNECTION_ERROR: return Kind::kTlsRefused;
    case kReadingBinlogFailed: return kind_of_dump_failure(text);
    case kMariadbSlaveSameId: return Kind::kDuplicateServerId;
    case CR_SERVER_LOST:
    case CR_SERVER_GONE_ERROR:
    case kServerShutdown:
    case kQueryInterrupted:
    case kConnectionKilled: return Kind::kClosed;
    default: return Kind::kProtocol;
  }
}

std::string text_of(MYSQL& mysql) { return fmt::format("{} (error {})", mysql_error(&mysql), mysql_errno(&mysql)); }

}  // namespace

StreamError dump_error(st_mysql& mysql, bool waited_in_vain) {
  const unsigned number = mysql_errno(&mysql);
  if (number == CR_NET_PACKET_TOO_LARGE) {
    return {Kind::kProtocol, "the source sent an event above capture.max_event_bytes: raise it"};
  }
  Kind kind = kind_of(number, mysql_error(&mysql));
  // TLS was agreed on when the connection was made: what it says now is that the connection is gone.
  if (kind == Kind::kTlsRefused) kind = Kind::kClosed;
  if (kind == Kind::kClosed && waited_in_vain) return stalled_error();
  return {kind, "the source said: " + text_of(mysql)};
}

StreamError stalled_error() {
  return {Kind::kStalled, "nothing came from the source within the read timeout, not even a heartbeat"};
}

std::expected<st_mysql*, StreamError> connect_for_dump(const DatabaseEndpoint& source, const StreamOptions& options) {
  const auto password = current_password(source);
  if (!password) return std::unexpected(StreamError{Kind::kAccessDenied, password.error()});
  [[maybe_unused]] static const int initialised = mysql_library_init(0, nullptr, nullptr);  // once, for all threads
  MYSQL* mysql = mysql_init(nullptr);
  if (mysql == nullptr) return std::unexpected(StreamError{Kind::kUnreachable, "out of memory"});
  set_options(mysql, source, options);
  const bool by_socket = !source.socket.empty();
  const std::string host = source.tcp_host();
  const MYSQL* connected =
      mysql_real_connect(mysql, by_socket ? nullptr : host.c_str(), source.user.c_str(), password->c_str(), nullptr,
                         by_socket ? 0 : source.port, by_socket ? source.socket.c_str() : nullptr, 0);
  if (connected == nullptr) {
    Kind kind = kind_of(mysql_errno(mysql), mysql_error(mysql));
    if (kind == Kind::kProtocol || kind == Kind::kClosed) kind = Kind::kUnreachable;
    StreamError error{kind, fmt::format("cannot connect to {}: {}", source.to_string(), text_of(*mysql))};
    mysql_close(mysql);
    return std::unexpected(std::move(error));
  }
  if (source.tls.mode != TlsMode::kDisabled && mysql_get_ssl_cipher(mysql) == nullptr) {
    mysql_close(mysql);
    return std::unexpected(
        StreamError{Kind::kTlsRefused, fmt::format("{} does not encrypt the connection", source.to_string())});
  }
  return mysql;
}

}  // namespace farshore::binlog
