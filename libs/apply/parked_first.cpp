#include "apply/parked_first.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"
#include "progress/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::text_literal;

constexpr std::string_view kColumns =
    "region, origin, stream, part, epoch, incarnation, seq, schema_name, table_name, key_hash, gtid, change_bytes, "
    "reason";

}  // namespace

std::expected<void, SqlError> ParkedFirst::keep(mysql::Connection& connection, const progress::PartitionKey& partition,
                                                const ParkedKey& key) {
  std::string where;
  progress::append_partition_condition(region_, partition, where);
  const auto kept = connection.execute(
      fmt::format("REPLACE INTO farshore.parked_first ({0}) SELECT {0} FROM farshore.parked WHERE {1} AND {2}",
                  kColumns, where, key_condition(key)));
  if (!kept) return std::unexpected(kept.error());
  return {};
}

std::expected<std::optional<ParkedChange>, SqlError> ParkedFirst::find(mysql::Connection& connection,
                                                                       const std::string& origin,
                                                                       const ParkedKey& key) {
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM farshore.parked_first WHERE region={} AND origin={} AND {} FOR UPDATE",
                  kParkedChangeColumns, text_literal(region_), text_literal(origin), key_condition(key)));
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<ParkedChange>();
  return std::optional<ParkedChange>(parked_change(*rows, 0));
}

std::expected<void, SqlError> ParkedFirst::forget(mysql::Connection& connection, const std::string& origin,
                                                  const ParkedKey& key) {
  const auto gone =
      connection.execute(fmt::format("DELETE FROM farshore.parked_first WHERE region={} AND origin={} AND {}",
                                     text_literal(region_), text_literal(origin), key_condition(key)));
  if (!gone) return std::unexpected(gone.error());
  return {};
}

}  // namespace farshore::apply
