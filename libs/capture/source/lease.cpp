#include "capture/source/lease.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "mysql/literal.hpp"

namespace farshore::capture {

namespace {

constexpr std::size_t kLockNameMax = 64;

}  // namespace

std::string lease_name(std::string_view origin) {
  std::string name = fmt::format("farshore.capture.{}", origin);
  if (name.size() <= kLockNameMax) return name;
  return fmt::format("farshore.capture.{:016x}", XXH3_64bits(origin.data(), origin.size()));
}

std::expected<Lease, mysql::SqlError> Lease::open(const DatabaseEndpoint& source, std::string_view origin) {
  mysql::SessionSettings settings;
  settings.wait_timeout = kSilenceMax;
  settings.lock_wait_timeout = std::chrono::seconds(1);
  settings.read_timeout = kSilenceMax;
  settings.program_name = "farshore capture lease";
  auto connection = mysql::Connection::open(source, settings);
  if (!connection) return std::unexpected(connection.error());
  return Lease(std::move(*connection), lease_name(origin));
}

std::expected<bool, mysql::SqlError> Lease::acquire(std::chrono::seconds wait) {
  const auto answer =
      connection_.query(fmt::format("SELECT GET_LOCK({}, {})", mysql::text_literal(name_), wait.count()));
  if (!answer) return std::unexpected(answer.error());
  return answer->text(0, 0) == "1";
}

}  // namespace farshore::capture
