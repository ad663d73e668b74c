#include "apply/target_session.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include "base/own_schemas.hpp"
#include "mysql/literal.hpp"
#include "mysql/server_info.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::Connection;
using mysql::SqlError;
using mysql::text_literal;

constexpr std::chrono::seconds kWaitTimeout{4};
constexpr std::chrono::seconds kLockWaitTimeout{2};
constexpr std::chrono::seconds kMetadataWaitTimeout{1};
constexpr std::chrono::seconds kReadTimeout{30};
constexpr int kEventsAPage = 500;
constexpr int kPagesMax = 200;

struct BinlogEnd {
  std::string file;
  std::uint64_t position = 0;
};

std::expected<BinlogEnd, SqlError> binlog_end(Connection& connection) {
  // MySQL 8.4 took the old words out.
  auto status = connection.query("SHOW BINARY LOG STATUS");
  if (!status && status.error().code == 1064) status = connection.query("SHOW MASTER STATUS");
  if (!status) return std::unexpected(status.error());
  if (status->empty()) return BinlogEnd{};
  return BinlogEnd{.file = status->text(0, 0), .position = status->unsigned_integer(0, 1)};
}

// One row for all sessions that an instance ever opens.
std::expected<void, SqlError> write_marker(Connection& connection, const std::string& region,
                                           const std::string& instance) {
  auto done = store::write_self_test(connection, region, instance.substr(0, instance.find('/')).substr(0, 64));
  if (done) done = connection.commit();
  if (!done && done.error().kind == mysql::SqlErrorKind::kLockWait) {
    done.error().message +=
        " (the self-test row of farshore.progress waits for a lock over the whole server, as of FLUSH TABLES WITH READ "
        "LOCK or a backup, or for one on that table)";
  }
  return done;
}

// Other sessions' progress writes are as good a sign as our own.
bool shows_progress(const mysql::Rows& events, std::size_t row) {
  static const std::string kTable = fmt::format("({}.{})", kOwnSchema, kMarkerTable);
  return events.text(row, 2).starts_with("Table_map") && events.text(row, 5).contains(kTable);
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Over a session that is over when the one begins that is to have them: SHOW GRANTS says what the account has now.
std::expected<mysql::Grants, SqlError> read_grants(const DatabaseEndpoint& endpoint,
                                                   const mysql::SessionSettings& settings) {
  auto connection = Connection::open(endpoint, settings);
  if (!connection) return std::unexpected(connection.error());
  return mysql::Grants::read(*connection);
}

}  // namespace

std::expected<std::string, SqlError> find_marker_fault(Connection& connection, const std::string& region,
                                                       const std::string& instance) {
  const auto before = binlog_end(connection);
  if (!before) return std::unexpected(before.error());
  if (auto written = write_marker(connection, region, instance); !written) return std::unexpected(written.error());
  if (before->file.empty()) return std::string();  // no binlog: nothing is captured from this server
  const auto after = binlog_end(connection);
  if (!after) return std::unexpected(after.error());

  BinlogEnd at = *before;
  for (int page = 0; page < kPagesMax; ++page) {
    const auto events = connection.query(
        fmt::format("SHOW BINLOG EVENTS IN {} FROM {} LIMIT {}", text_literal(at.file), at.position, kEventsAPage));
    if (!events) return std::unexpected(events.error());
    for (std::size_t row = 0; row < events->size(); ++row) {
      if (shows_progress(*events, row)) return std::string();
      at.position = number_of(events->text(row, 4));
    }
    if (static_cast<int>(events->size()) == kEventsAPage) continue;
    if (at.file == after->file) break;
    at = {.file = after->file, .position = 4};
  }
  return fmt::format(
      "writes of farshore.progress do not show in the target's binlog (looked from {}:{}): look for "
      "binlog-ignore-db, binlog-do-db, binlog_format other than ROW, and sql_log_bin",
      before->file, before->position);
}

std::expected<TargetSession, SqlError> open_target_session(const DatabaseEndpoint& endpoint, const std::string& region,
                                                           const std::string& instance) {
  mysql::SessionSettings settings;
  settings.read_timeout = kReadTimeout;
  settings.wait_timeout = kWaitTimeout;
  settings.lock_wait_timeout = kLockWaitTimeout;
  settings.metadata_wait_timeout = kMetadataWaitTimeout;
  settings.foreign_key_checks = false;
  settings.autocommit = false;
  settings.program_name = "farshore apply";
  auto granted = read_grants(endpoint, settings);
  if (!granted) return std::unexpected(granted.error());
  auto connection = Connection::open(endpoint, settings);
  if (!connection) return std::unexpected(connection.error());
  const auto packet = connection->query("SELECT @@max_allowed_packet");
  if (!packet) return std::unexpected(packet.error());
  connection->limit_packets(packet->unsigned_integer(0, 0));
  // MariaDB makes a join of a list with a thousand values, and locks rows that no key means. MySQL does not know it.
  (void)connection->execute("SET in_predicate_conversion_threshold=0");
  auto fault = find_marker_fault(*connection, region, instance);
  if (!fault) return std::unexpected(fault.error());
  return TargetSession{
      .connection = std::move(*connection), .granted_before = std::move(*granted), .marker_fault = std::move(*fault)};
}

}  // namespace farshore::apply
