#include "capture/source/source_reading.hpp"

#include <fmt/format.h>

#include <charconv>

namespace farshore::capture {

namespace {

mysql::SqlError not_understood(std::string_view what, std::string_view text) {
  mysql::SqlError error;
  error.message = fmt::format("the source's {} is not understood: '{}'", what, text);
  return error;
}

std::string question(ServerKind kind, std::string_view lease) {
  // NOW(6) is the time at which the statement began, before any of the variables is read.
  const std::string_view of_server = kind == ServerKind::kMysql
                                         ? "@@GLOBAL.server_uuid, @@GLOBAL.gtid_executed"
                                         : "CONCAT(@@GLOBAL.server_id, ':', @@GLOBAL.gtid_domain_id), "
                                           "@@GLOBAL.gtid_binlog_pos";
  return fmt::format(
      "SELECT UNIX_TIMESTAMP(NOW(6)), @@GLOBAL.read_only, "
      "COALESCE(IS_USED_LOCK('{}') = CONNECTION_ID(), 0), {}",
      lease, of_server);
}

}  // namespace

bool is_read_only(std::string_view answer) { return answer != "0" && answer != "OFF"; }

std::optional<SourceTime> parse_unix_time(std::string_view text) {
  std::int64_t seconds = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || seconds < 0) return std::nullopt;
  std::int64_t micros = 0;
  if (at != end) {
    if (*at != '.') return std::nullopt;
    std::string fraction(at + 1, end);
    if (fraction.empty() || fraction.size() > 6) return std::nullopt;
    fraction.resize(6, '0');
    const auto rest = std::from_chars(fraction.data(), fraction.data() + fraction.size(), micros);
    if (rest.ec != std::errc() || rest.ptr != fraction.data() + fraction.size()) return std::nullopt;
  }
  return SourceTime(std::chrono::seconds(seconds) + std::chrono::microseconds(micros));
}

std::expected<SourceReading, mysql::SqlError> read_source(mysql::Connection& connection, ServerKind kind,
                                                          std::string_view lease) {
  const LocalTime asked = local_now();
  const auto answer = connection.query(question(kind, lease));
  const LocalTime answered = local_now();
  if (!answer) return std::unexpected(answer.error());

  SourceReading reading;
  const auto time = parse_unix_time(answer->text(0, 0));
  if (!time) return std::unexpected(not_understood("clock", answer->text(0, 0)));
  auto position = OriginPosition::parse(answer->text(0, 4));
  if (!position) return std::unexpected(not_understood("binlog position", answer->text(0, 4)));
  reading.time = *time;
  reading.clock_offset = *time - (asked + (answered - asked) / 2);
  reading.read_only = is_read_only(answer->text(0, 1));
  reading.holds_lease = answer->text(0, 2) == "1";
  reading.identity = answer->text(0, 3);
  reading.position = std::move(*position);
  return reading;
}

}  // namespace farshore::capture
