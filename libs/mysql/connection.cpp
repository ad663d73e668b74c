#include "mysql/connection.hpp"

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/check.hpp"
#include "mysql/literal.hpp"
#include "mysql/without_values.hpp"

namespace farshore::mysql {
namespace {

constexpr std::size_t kPacketHead = 64;  // more than goes with a statement in its packet

// get_driver_instance() is not thread safe; a local static is made once.
sql::Driver& driver() {
  static sql::Driver* const instance = get_driver_instance();
  return *instance;
}

// The client library keeps data per thread, which it frees only when told.
void prepare_thread() {
  struct ThreadData {
    ThreadData() { driver().threadInit(); }
    ~ThreadData() { driver().threadEnd(); }
  };
  thread_local const ThreadData data;
  (void)data;
}

SqlError to_error(const sql::SQLException& exception) {
  SqlError error;
  error.code = exception.getErrorCode();
  error.kind = kind_of_error_code(error.code);
  error.sqlstate = exception.getSQLState();
  error.message = without_values(error.code, exception.what());
  return error;
}

sql::ConnectOptionsMap options_of(const DatabaseEndpoint& endpoint, const std::string& password,
                                  const SessionSettings& settings) {
  sql::ConnectOptionsMap options;
  if (endpoint.socket.empty()) {
    options["hostName"] = sql::SQLString("tcp://" + endpoint.tcp_host() + ":" + std::to_string(endpoint.port));
  } else {
    options["hostName"] = sql::SQLString("unix://" + endpoint.socket);
  }
  options["userName"] = sql::SQLString(endpoint.user);
  options["password"] = sql::SQLString(password);
  options["CLIENT_FOUND_ROWS"] = true;
  options["OPT_CONNECT_TIMEOUT"] = static_cast<int>(settings.connect_timeout.count());
  options["OPT_READ_TIMEOUT"] = static_cast<int>(settings.read_timeout.count());
  options["OPT_WRITE_TIMEOUT"] = static_cast<int>(settings.read_timeout.count());
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  if (!settings.program_name.empty()) {
    options["OPT_CONNECT_ATTR_ADD"] =
        std::map<sql::SQLString, sql::SQLString>{{"program_name", sql::SQLString(settings.program_name)}};
  }
  if (endpoint.tls.mode != TlsMode::kDisabled) {
    options["sslEnforce"] = true;
    if (!endpoint.tls.ca.empty()) options["sslCA"] = sql::SQLString(endpoint.tls.ca);
    if (!endpoint.tls.cert.empty()) options["sslCert"] = sql::SQLString(endpoint.tls.cert);
    if (!endpoint.tls.key.empty()) options["sslKey"] = sql::SQLString(endpoint.tls.key);
  }
  // Only with this does the connector refuse a server without TLS (seen with 1.1.12).
  if (endpoint.tls.mode == TlsMode::kVerify) options["sslVerify"] = true;
  return options;
}

std::string session_statement(const SessionSettings& settings) {
  std::string sql =
      "SET NAMES utf8mb4, time_zone='+00:00', lc_messages='en_US', sql_quote_show_create=1, "
      "sql_select_limit=18446744073709551615, "
      "sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'";
  if (settings.wait_timeout.count() > 0) sql += fmt::format(", wait_timeout={}", settings.wait_timeout.count());
  if (settings.lock_wait_timeout.count() > 0) {
    sql += fmt::format(", innodb_lock_wait_timeout={}", settings.lock_wait_timeout.count());
  }
  if (settings.metadata_wait_timeout.count() > 0) {
    sql += fmt::format(", lock_wait_timeout={}", settings.metadata_wait_timeout.count());
  }
  sql += fmt::format(", unique_checks=1, foreign_key_checks={}, autocommit={}", settings.foreign_key_checks ? 1 : 0,
                     settings.autocommit ? 1 : 0);
  return sql;
}

}  // namespace

struct Connection::Impl {
  std::unique_ptr<sql::Connection> session;
  std::unique_ptr<sql::Statement> statement;
  std::size_t packet_bytes = SIZE_MAX;
  bool lost = false;

  template <typename Result, typename Action>
  std::expected<Result, SqlError> run(std::string_view sql, Action&& action) {
    if (lost) return std::unexpected(SqlError{SqlErrorKind::kConnectionLost, 2006, "HY000", "the session was lost"});
    if (sql.size() > packet_bytes - std::min(packet_bytes, kPacketHead)) {
      return std::unexpected(
          SqlError{SqlErrorKind::kPacketTooLarge,
                   0,
                   {},
                   fmt::format("a statement takes {} bytes, and the server's max_allowed_packet is {}: raise it",
                               sql.size(), packet_bytes)});
    }
    prepare_thread();
    try {
      return action();
    } catch (const sql::SQLException& exception) {
      SqlError error = to_error(exception);
      lost = error.kind == SqlErrorKind::kConnectionLost;
      return std::unexpected(std::move(error));
    }
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

std::expected<Connection, SqlError> Connection::open(const DatabaseEndpoint& endpoint,
                                                     const SessionSettings& settings) {
  prepare_thread();
  const auto password = current_password(endpoint);
  if (!password) return std::unexpected(SqlError{SqlErrorKind::kAccessDenied, 0, {}, password.error()});
  auto impl = std::make_unique<Impl>();
  try {
    sql::ConnectOptionsMap options = options_of(endpoint, *password, settings);
    impl->session.reset(driver().connect(options));
    impl->statement.reset(impl->session->createStatement());
  } catch (const sql::SQLException& exception) {
    SqlError error = to_error(exception);
    // A server that goes away while a session opens is only out of reach.
    if (error.kind == SqlErrorKind::kConnectionLost || error.kind == SqlErrorKind::kOther) {
      error.kind = SqlErrorKind::kUnreachable;
    }
    return std::unexpected(std::move(error));
  }
  Connection connection(std::move(impl));
  // The connector has set REPEATABLE READ. As a statement, since MariaDB before 11.1 names the variable otherwise.
  if (auto set = connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"); !set) {
    return std::unexpected(set.error());
  }
  if (auto set = connection.execute(session_statement(settings)); !set) return std::unexpected(set.error());
  if (endpoint.tls.mode != TlsMode::kDisabled) {
    auto cipher = connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
    if (!cipher) return std::unexpected(cipher.error());
    if (cipher->empty() || cipher->text(0, 1).empty()) {
      return std::unexpected(SqlError{SqlErrorKind::kTls, 0, {}, "the server offers no TLS, and tls.mode asks for it"});
    }
  }
  return connection;
}

std::expected<std::uint64_t, SqlError> Connection::execute(std::string_view sql) {
  return impl_->run<std::uint64_t>(sql, [&] {
    impl_->statement->execute(sql::SQLString(sql.data(), sql.size()));
    return static_cast<std::uint64_t>(impl_->statement->getUpdateCount());
  });
}

std::expected<Rows, SqlError> Connection::query(std::string_view sql) {
  return impl_->run<Rows>(sql, [&] {
    const std::unique_ptr<sql::ResultSet> result(
        impl_->statement->executeQuery(sql::SQLString(sql.data(), sql.size())));
    sql::ResultSetMetaData* const meta = result->getMetaData();
    const unsigned columns = meta->getColumnCount();
    Rows rows;
    for (unsigned column = 1; column <= columns; ++column) {
      rows.names.push_back(meta->getColumnLabel(column).asStdString());
    }
    while (result->next()) {
      auto& row = rows.rows.emplace_back(columns);
      for (unsigned column = 1; column <= columns; ++column) {
        if (!result->isNull(column)) row[column - 1] = result->getString(column).asStdString();
      }
    }
    return rows;
  });
}

namespace {
std::expected<void, SqlError> without_count(const std::expected<std::uint64_t, SqlError>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}
}  // namespace

std::expected<void, SqlError> Connection::commit() { return without_count(execute("COMMIT")); }
std::expected<void, SqlError> Connection::rollback() { return without_count(execute("ROLLBACK")); }

void Connection::limit_packets(std::size_t bytes) { impl_->packet_bytes = bytes; }

std::size_t Connection::packet_limit() const { return impl_->packet_bytes; }
bool Connection::lost() const { return impl_->lost; }

const std::string& Rows::text(std::size_t row, std::size_t column) const {
  static const std::string kEmpty;
  FARSHORE_CHECK(row < rows.size() && column < rows[row].size(), row, column, rows.size());
  const Field& field = rows[row][column];
  return field ? *field : kEmpty;
}

namespace {
template <typename Number>
Number parse_number(const std::string& text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}
}  // namespace

std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
  return parse_number<std::int64_t>(text(row, column));
}
std::uint64_t Rows::unsigned_integer(std::size_t row, std::size_t column) const {
  return parse_number<std::uint64_t>(text(row, column));
}

std::optional<std::size_t> Rows::find(std::string_view name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].size() == name.size() && strncasecmp(names[i].data(), name.data(), name.size()) == 0) return i;
  }
  return std::nullopt;
}

}  // namespace farshore::mysql
