#include "store/mismatch.hpp"

#include <fmt/format.h>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

using mysql::SqlError;
using mysql::text_literal;

std::string key_of(std::string_view region, const PartitionKey& partition) {
  return fmt::format("{},{},{},{}", text_literal(region), text_literal(partition.origin),
                     text_literal(partition.stream), partition.partition.raw());
}

}  // namespace

std::string_view to_string(Mismatch kind) {
  switch (kind) {
    case Mismatch::kInsertExists: return "insert-exists";
    case Mismatch::kUpdateMissing: return "update-missing";
    case Mismatch::kBeforeDiffers: return "before-differs";
    case Mismatch::kDeleteMissing: return "delete-missing";
    case Mismatch::kAlreadyAsAfter: return "already-as-after";
    case Mismatch::kGeneratedOther: return "generated-other";
    case Mismatch::kWrittenOther: return "written-other";
  }
  return "";
}

std::expected<void, SqlError> add_mismatches(mysql::Connection& connection, std::string_view region,
                                             std::span<const MismatchCount> counts) {
  std::string values;
  for (const MismatchCount& count : counts) {
    const auto add = [&](std::string_view kind) {
      values += fmt::format("{}({},{},{},'{}',{})", values.empty() ? "" : ",", key_of(region, *count.partition),
                            text_literal(count.schema), text_literal(count.table), kind, count.changes);
    };
    add(to_string(count.kind));
    if (count.closes) add(kClosing);
  }
  const auto written = connection.execute(
      "INSERT INTO farshore.mismatch (region, origin, stream, part, schema_name, table_name, kind, changes) VALUES " +
      values + " ON DUPLICATE KEY UPDATE changes=changes+VALUES(changes), last_at=NOW(6)");
  if (!written) return std::unexpected(written.error());
  return {};
}

std::expected<void, SqlError> add_mismatch_example(mysql::Connection& connection, std::string_view region,
                                                   const ChangeToKeep& change, Mismatch kind,
                                                   std::string_view target_image, const ExampleLimits& limits) {
  const std::string bytes = binary_literal(change.bytes);
  if (bytes.size() + target_image.size() > limits.sql_bytes) return {};
  const ParkedKey& key = *change.key;
  const std::string of_kind = fmt::format(
      "(region, origin, stream, part, schema_name, table_name, kind)=({},{},{},'{}')",
      key_of(region, *change.partition), text_literal(key.schema), text_literal(key.table), to_string(kind));
  const auto written = connection.execute(fmt::format(
      "INSERT IGNORE INTO farshore.mismatch_example (region, origin, stream, part, epoch, incarnation, seq, "
      "schema_name, table_name, kind, key_hash, key_text, gtid, change_bytes, target_image) SELECT "
      "{},{},{},{},{},{},'{}',{},{},{},{},{} FROM DUAL WHERE (SELECT COUNT(*) FROM farshore.mismatch_example AS e "
      "WHERE {}) < {}",
      key_of(region, *change.partition), change.epoch.epoch.raw(), change.epoch.incarnation.raw(), change.seq.raw(),
      text_literal(key.schema), text_literal(key.table), to_string(kind), hash_literal(key),
      text_literal(change.key_text), text_literal(change.gtid), bytes, target_image.empty() ? "NULL" : target_image,
      of_kind, limits.examples));
  if (!written) return std::unexpected(written.error());
  return {};
}

namespace {

std::expected<std::vector<MismatchRow>, SqlError> read_counted(mysql::Connection& connection, std::string_view region,
                                                               const PendingFilter& filter, std::string_view locks) {
  const auto found = connection.query(
      fmt::format("SELECT origin, stream, CONCAT(schema_name, '.', table_name), kind, SUM(changes), MIN(first_at), "
                  "MAX(last_at) FROM farshore.mismatch{} AND kind<>'{}' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4{}",
                  condition_of(region, filter), kClosing, locks));
  if (!found) return std::unexpected(found.error());
  std::vector<MismatchRow> rows;
  for (std::size_t at = 0; at < found->size(); ++at)
    rows.push_back({.origin = found->text(at, 0),
                    .stream = found->text(at, 1),
                    .table = found->text(at, 2),
                    .kind = found->text(at, 3),
                    .changes = found->unsigned_integer(at, 4),
                    .first_at = found->text(at, 5),
                    .last_at = found->text(at, 6)});
  return rows;
}

}  // namespace

std::expected<std::vector<MismatchRow>, SqlError> read_mismatches(mysql::Connection& connection,
                                                                  std::string_view region,
                                                                  const PendingFilter& filter) {
  return read_counted(connection, region, filter, "");
}

std::expected<std::vector<MismatchRow>, SqlError> forget_mismatches(mysql::Connection& connection,
                                                                    std::string_view region,
                                                                    const PendingFilter& filter) {
  const std::string where = condition_of(region, filter);
  const auto forget = [&](std::string_view table) {
    return connection.execute(fmt::format("DELETE FROM farshore.{}{}", table, where));
  };
  if (const auto done = forget("mismatch_example"); !done) return std::unexpected(done.error());  // in apply's order
  auto counted = read_counted(connection, region, filter, " FOR UPDATE");
  if (!counted) return counted;
  if (const auto done = forget("mismatch"); !done) return std::unexpected(done.error());
  return counted;
}

}  // namespace farshore::store
