#include "capture/resume/source_start.hpp"

#include <fmt/format.h>

namespace farshore::capture {

namespace {

/// The oldest binlog begins with a list of what came before it; its events begin behind offset 4.
std::expected<std::string, mysql::SqlError> mariadb_earliest(mysql::Connection& connection) {
  const auto logs = connection.query("SHOW BINARY LOGS");
  if (!logs) return std::unexpected(logs.error());
  if (logs->empty()) return std::string();
  const auto position = connection.query(fmt::format("SELECT BINLOG_GTID_POS('{}', 4)", logs->text(0, 0)));
  if (!position) return std::unexpected(position.error());
  return position->text(0, 0);
}

std::expected<std::string, mysql::SqlError> mysql_earliest(mysql::Connection& connection) {
  const auto purged = connection.query("SELECT @@GLOBAL.gtid_purged");
  if (!purged) return std::unexpected(purged.error());
  return purged->text(0, 0);
}

}  // namespace

std::optional<StartFrom> parse_start(std::string_view text) {
  if (text == "end") return StartFrom{.kind = StartFrom::Kind::kEnd, .position = {}};
  if (text == "earliest") return StartFrom{.kind = StartFrom::Kind::kEarliest, .position = {}};
  auto position = OriginPosition::parse(text);
  if (!position || position->empty()) return std::nullopt;
  return StartFrom{.kind = StartFrom::Kind::kPosition, .position = std::move(*position)};
}

std::expected<OriginPosition, mysql::SqlError> earliest_position(mysql::Connection& connection, ServerKind kind) {
  const auto text = kind == ServerKind::kMysql ? mysql_earliest(connection) : mariadb_earliest(connection);
  if (!text) return std::unexpected(text.error());
  auto position = OriginPosition::parse(*text);
  if (!position) {
    mysql::SqlError error;
    error.message = fmt::format("the beginning of the source's binlogs is not understood: '{}'", *text);
    return std::unexpected(error);
  }
  return std::move(*position);
}

}  // namespace farshore::capture
