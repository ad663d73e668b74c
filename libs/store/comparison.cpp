#include "store/comparison.hpp"

#include <fmt/format.h>

#include "base/own_schemas.hpp"
#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

// The session's time zone is UTC.
constexpr std::string_view kNowUs = "CAST(UNIX_TIMESTAMP(NOW(6))*1000000 AS SIGNED)";

}  // namespace

std::expected<SourceTime, SqlError> read_clock(mysql::Connection& connection) {
  const auto now = connection.query(fmt::format("SELECT {}", kNowUs));
  if (!now) return std::unexpected(now.error());
  return SourceTime(std::chrono::microseconds(now->integer(0, 0)));
}

std::expected<std::vector<Comparison>, SqlError> read_comparisons(mysql::Connection& connection,
                                                                  std::string_view region) {
  const auto found = connection.query(
      fmt::format("SELECT origin, stream, began_us, why, who, {} - began_us FROM {}.comparison WHERE region={} "
                  "ORDER BY origin, stream",
                  kNowUs, kOwnSchema, text_literal(region)));
  if (!found) return std::unexpected(found.error());
  std::vector<Comparison> comparisons;
  for (std::size_t at = 0; at < found->size(); ++at) {
    comparisons.push_back({.origin = found->text(at, 0),
                           .stream = found->text(at, 1),
                           .began_at = SourceTime(std::chrono::microseconds(found->integer(at, 2))),
                           .why = found->text(at, 3),
                           .who = found->text(at, 4),
                           .age = std::chrono::microseconds(found->integer(at, 5))});
  }
  return comparisons;
}

std::expected<void, SqlError> write_comparison(mysql::Connection& connection, std::string_view region,
                                               const Comparison& comparison) {
  const auto written = connection.execute(fmt::format(
      "REPLACE INTO {}.comparison (region, origin, stream, began_us, why, who) VALUES ({},{},{},{},{},{})", kOwnSchema,
      text_literal(region), text_literal(comparison.origin), text_literal(comparison.stream),
      comparison.began_at.time_since_epoch().count(), text_literal(comparison.why), text_literal(comparison.who)));
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace farshore::store
