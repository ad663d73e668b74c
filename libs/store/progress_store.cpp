#include "store/progress_store.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "mysql/literal.hpp"
#include "store/tables.hpp"

namespace farshore::store {
namespace {

using mysql::text_literal;

// In the order in which row_of() reads them.
constexpr std::string_view kColumns =
    "origin, stream, part, epoch, incarnation, seq, origin_position, row_gtid, row_ordinal, safe_time, commit_time, "
    "writes, state, reason, owner";

std::int64_t micros(SourceTime time) { return time.time_since_epoch().count(); }
SourceTime time_of(std::int64_t microseconds) { return SourceTime(std::chrono::microseconds(microseconds)); }

ProgressRow row_of(const mysql::Rows& rows, std::size_t at) {
  ProgressRow row;
  row.key = {rows.text(at, 0), rows.text(at, 1), PartitionId(static_cast<std::int32_t>(rows.integer(at, 2)))};
  row.epoch = {Epoch(static_cast<std::uint32_t>(rows.unsigned_integer(at, 3))),
               Incarnation(rows.unsigned_integer(at, 4))};
  row.seq = Seq(rows.unsigned_integer(at, 5));
  row.origin_position = rows.text(at, 6);
  row.row_gtid = rows.text(at, 7);
  row.row_ordinal = rows.integer(at, 8);
  row.safe_time = time_of(rows.integer(at, 9));
  row.commit_time = time_of(rows.integer(at, 10));
  row.writes = rows.unsigned_integer(at, 11);
  // A state that this version does not know is certainly not "applying".
  row.state = parse_partition_state(rows.text(at, 12)).value_or(PartitionState::kStopped);
  row.reason = rows.text(at, 13);
  row.owner = rows.text(at, 14);
  return row;
}

}  // namespace

void append_partition_condition(std::string_view region, const PartitionKey& key, std::string& out) {
  out += "region=";
  mysql::append_text_literal(region, out);
  out += " AND origin=";
  mysql::append_text_literal(key.origin, out);
  out += " AND stream=";
  mysql::append_text_literal(key.stream, out);
  fmt::format_to(std::back_inserter(out), " AND part={}", key.partition.raw());
}

ProgressStore::ProgressStore(mysql::Connection& connection, std::string region)
    : connection_(connection), region_(std::move(region)) {}

std::expected<std::vector<ProgressRow>, mysql::SqlError> ProgressStore::select(std::string_view condition) {
  const auto rows = connection_.query(fmt::format("SELECT {} FROM {}.{} WHERE {} ORDER BY origin, stream, part",
                                                  kColumns, kOwnSchema, kProgressTable, condition));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ProgressRow> found;
  found.reserve(rows->size());
  for (std::size_t at = 0; at < rows->size(); ++at) found.push_back(row_of(*rows, at));
  return found;
}

std::expected<std::vector<ProgressRow>, mysql::SqlError> ProgressStore::load() {
  return select(fmt::format("region={} AND part>=0", text_literal(region_)));
}

std::expected<std::vector<ProgressRow>, mysql::SqlError> ProgressStore::load_origin(std::string_view origin) {
  return select(fmt::format("region={} AND origin={} AND part>=0", text_literal(region_), text_literal(origin)));
}

std::expected<std::optional<ProgressRow>, mysql::SqlError> ProgressStore::find(const PartitionKey& key) {
  std::string condition;
  append_partition_condition(region_, key, condition);
  auto rows = select(condition);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::optional<ProgressRow>();
  return std::optional<ProgressRow>(std::move(rows->front()));
}

std::expected<std::vector<std::string>, mysql::SqlError> ProgressStore::streams_of(std::string_view origin) {
  const auto rows =
      connection_.query(fmt::format("SELECT DISTINCT stream FROM {}.{} WHERE region={} AND origin={}", kOwnSchema,
                                    kProgressTable, text_literal(region_), text_literal(origin)));
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::string> streams;
  for (std::size_t at = 0; at < rows->size(); ++at) streams.push_back(rows->text(at, 0));
  return streams;
}

std::expected<Epoch, mysql::SqlError> ProgressStore::newest_epoch(std::string_view origin) {
  const auto rows =
      connection_.query(fmt::format("SELECT COALESCE(MAX(epoch), 0) FROM {}.{} WHERE region={} AND origin={}",
                                    kOwnSchema, kProgressTable, text_literal(region_), text_literal(origin)));
  if (!rows) return std::unexpected(rows.error());
  return Epoch(static_cast<std::uint32_t>(rows->unsigned_integer(0, 0)));
}

std::expected<std::string, mysql::SqlError> ProgressStore::owner_within(std::string_view origin,
                                                                        std::chrono::seconds age) {
  const auto rows = connection_.query(
      fmt::format("SELECT COALESCE(MIN(owner), '') FROM {}.{} WHERE region={} AND origin={} AND owner<>'' AND "
                  "updated_at > NOW(6) - INTERVAL {} SECOND",
                  kOwnSchema, kProgressTable, text_literal(region_), text_literal(origin), age.count()));
  if (!rows) return std::unexpected(rows.error());
  return rows->text(0, 0);
}

std::expected<bool, mysql::SqlError> ProgressStore::insert_if_absent(const ProgressRow& row) {
  const auto inserted = connection_.execute(fmt::format(
      "INSERT INTO {}.{} (region, origin, stream, part, epoch, incarnation, seq, origin_position, row_gtid, "
      "row_ordinal, safe_time, commit_time, writes, state, reason, owner) "
      "VALUES ({},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{})",
      kOwnSchema, kProgressTable, text_literal(region_), text_literal(row.key.origin), text_literal(row.key.stream),
      row.key.partition.raw(), row.epoch.epoch.raw(), row.epoch.incarnation.raw(), row.seq.raw(),
      text_literal(row.origin_position), text_literal(row.row_gtid), row.row_ordinal, micros(row.safe_time),
      micros(row.commit_time), row.writes, text_literal(to_string(row.state)), text_literal(row.reason),
      text_literal(row.owner)));
  if (inserted) return true;
  if (inserted.error().kind == mysql::SqlErrorKind::kDuplicate) return false;
  return std::unexpected(inserted.error());
}

std::expected<bool, mysql::SqlError> ProgressStore::advance(const ProgressRow& current, const ProgressRow& next) {
  sql_.clear();
  const auto add = std::back_inserter(sql_);
  fmt::format_to(add, "UPDATE {}.{} SET epoch={}, incarnation={}, seq={}, origin_position=", kOwnSchema, kProgressTable,
                 next.epoch.epoch.raw(), next.epoch.incarnation.raw(), next.seq.raw());
  mysql::append_text_literal(next.origin_position, sql_);
  sql_ += ", row_gtid=";
  mysql::append_text_literal(next.row_gtid, sql_);
  fmt::format_to(add, ", row_ordinal={}, safe_time={}, commit_time={}, writes=writes+1, state='{}', reason=",
                 next.row_ordinal, micros(next.safe_time), micros(next.commit_time), to_string(next.state));
  mysql::append_text_literal(next.reason, sql_);
  sql_ += ", owner=";
  mysql::append_text_literal(next.owner, sql_);
  sql_ += " WHERE ";
  append_partition_condition(region_, current.key, sql_);
  fmt::format_to(add, " AND epoch={} AND incarnation={} AND seq={} AND writes={}", current.epoch.epoch.raw(),
                 current.epoch.incarnation.raw(), current.seq.raw(), current.writes);
  const auto found = connection_.execute(sql_);
  if (!found) return std::unexpected(found.error());
  return *found == 1;
}

std::expected<void, mysql::SqlError> write_self_test(mysql::Connection& connection, std::string_view region,
                                                     std::string_view who) {
  const auto written = connection.execute(
      fmt::format("INSERT INTO {}.{} (region, origin, stream, part, epoch, incarnation, seq, origin_position, state, "
                  "reason) VALUES "
                  "({},'self-test',{},-1,0,0,0,'','applying','') ON DUPLICATE KEY UPDATE writes=writes+1",
                  kOwnSchema, kProgressTable, text_literal(region), text_literal(who)));
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace farshore::store
