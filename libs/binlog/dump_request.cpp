// Commands, after MySQL's protocol documentation and MariaDB's "Replication Protocol":
//   COM_BINLOG_DUMP_GTID  flags (2) server id (4) name length (4) name, position (8) set length (4) set
//   COM_BINLOG_DUMP       position (4) flags (2) server id (4) name; MariaDB takes the GTIDs from a session variable

#include "binlog/dump_request.hpp"

#include <fmt/format.h>
#include <mysql.h>

#include <algorithm>
#include <cctype>
#include <concepts>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "binlog/dump_session.hpp"

namespace farshore::binlog {
namespace {

constexpr std::uint16_t kFlagStopAtEnd = 1;
constexpr std::uint32_t kFirstOffset = 4;

template <std::unsigned_integral T>
void put(std::string& out, T number) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &number, sizeof(T));
  out.append(bytes, sizeof(T));
}

std::expected<void, StreamError> execute(st_mysql* mysql, const std::string& sql) {
  if (mysql_real_query(mysql, sql.data(), sql.size()) != 0) return std::unexpected(dump_error(*mysql));
  return {};
}

std::expected<void, StreamError> command(st_mysql* mysql, enum_server_command code, const std::string& argument) {
  if (mysql->methods->db_command(mysql, code, argument.data(), argument.size(), 1, nullptr) != 0) {
    return std::unexpected(dump_error(*mysql));
  }
  return {};
}

[[maybe_unused]] bool is_uuid_text(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0 || c == '-'; });
}

/// A name or a balancer may lead to another server than the one that was looked at.
std::expected<void, StreamError> check_identity(st_mysql* mysql, ServerKind kind, const std::string& wanted) {
  auto asked =
      execute(mysql, kind == ServerKind::kMysql ? "SELECT @@GLOBAL.server_uuid"
                                                : "SELECT CONCAT(@@GLOBAL.server_id, ':', @@GLOBAL.gtid_domain_id)");
  if (!asked) return asked;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result(mysql_store_result(mysql), mysql_free_result);
  if (!result) return std::unexpected(dump_error(*mysql));
  const MYSQL_ROW row = mysql_fetch_row(result.get());
  const std::string found = row == nullptr || row[0] == nullptr ? "" : row[0];
  if (found == wanted) return {};
  return std::unexpected(
      StreamError{StreamError::Kind::kUnreachable,
                  fmt::format("another server answers at the source's address: {} instead of {}", found, wanted)});
}

std::string session_sql(ServerKind kind, const OriginPosition& start, const StreamOptions& options) {
  const auto heartbeat_ns = std::chrono::nanoseconds(options.heartbeat).count();
  if (kind == ServerKind::kMariadb) {
    return fmt::format(
        "SET @mariadb_slave_capability=4, @slave_connect_state='{}', @slave_gtid_strict_mode=1, "
        "@slave_gtid_ignore_duplicates=0, @master_binlog_checksum='CRC32', @master_heartbeat_period={}",
        start.to_string(), heartbeat_ns);
  }
  std::string sql = fmt::format(
      "SET @source_binlog_checksum='CRC32', @master_binlog_checksum='CRC32', @source_heartbeat_period={}, "
      "@master_heartbeat_period={}",
      heartbeat_ns, heartbeat_ns);
  FARSHORE_CHECK(is_uuid_text(options.replica_uuid));
  if (!options.replica_uuid.empty()) {
    sql += fmt::format(", @replica_uuid='{}', @slave_uuid='{}'", options.replica_uuid, options.replica_uuid);
  }
  return sql;
}

}  // namespace

std::string encode_gtid_set(const OriginPosition& position) {
  std::string out;
  put(out, std::uint64_t{position.sources().size()});
  for (const OriginPosition::Source& source : position.sources()) {
    out.append(reinterpret_cast<const char*>(source.uuid.data()), source.uuid.size());
    put(out, std::uint64_t{source.intervals.size()});
    for (const OriginPosition::Interval& interval : source.intervals) {
      put(out, interval.first);
      put(out, interval.last + 1);
    }
  }
  return out;
}

std::expected<void, StreamError> request_dump(st_mysql* mysql, ServerKind kind, const OriginPosition& start,
                                              const StreamOptions& options) {
  FARSHORE_CHECK(options.server_id != 0);
  if (!options.source_identity.empty()) {
    if (auto same = check_identity(mysql, kind, options.source_identity); !same) return same;
  }
  if (auto set = execute(mysql, session_sql(kind, start, options)); !set) return set;
  const std::uint16_t flags = options.stop_at_end ? kFlagStopAtEnd : 0;
  std::string argument;
  if (kind == ServerKind::kMariadb) {
    put(argument, kFirstOffset);
    put(argument, flags);
    put(argument, options.server_id);
    return command(mysql, COM_BINLOG_DUMP, argument);
  }
  constexpr auto kDumpGtid = static_cast<enum_server_command>(0x1E);
  put(argument, flags);
  put(argument, options.server_id);
  put(argument, std::uint32_t{0});
  put(argument, std::uint64_t{kFirstOffset});
  const std::string set = encode_gtid_set(start);
  put(argument, static_cast<std::uint32_t>(set.size()));
  argument += set;
  return command(mysql, kDumpGtid, argument);
}

}  // namespace farshore::binlog
