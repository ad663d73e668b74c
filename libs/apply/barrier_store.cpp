#include "apply/barrier_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/parked_first.hpp"
#include "mysql/literal.hpp"
#include "store/equality.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::text_literal;
using store::ProgressRow;
using store::ProgressStore;
using store::StatementStore;

constexpr std::size_t kTextBytesMax = 4'096;
constexpr std::size_t kNamesBytesMax = 1'000'000;

}  // namespace

BarrierStore::BarrierStore(mysql::Connection& connection, std::string region)
    : connection_(connection), region_(std::move(region)) {}

std::expected<BarrierFacts, SqlError> BarrierStore::read(const std::string& origin, const BarrierArrival& barrier) {
  BarrierFacts facts;
  auto rows = ProgressStore(connection_, region_).load_origin(origin);
  if (!rows) return std::unexpected(std::move(rows.error()));
  facts.rows = std::move(*rows);
  // What the new epoch has parked already, in a partition that was faster, may wait for what is behind the barrier
  // here.
  const auto parked = connection_.query(
      fmt::format("SELECT schema_name, table_name, COUNT(*) FROM farshore.parked WHERE region={} AND origin={} AND "
                  "epoch<{} GROUP BY schema_name, table_name ORDER BY schema_name, table_name",
                  text_literal(region_), text_literal(origin), barrier.epoch.epoch.raw()));
  if (!parked) return std::unexpected(parked.error());
  for (std::size_t at = 0; at < parked->size(); ++at) {
    facts.parked.push_back({.table = fmt::format("{}.{}", parked->text(at, 0), parked->text(at, 1)),
                            .changes = parked->unsigned_integer(at, 2)});
  }
  if (!barrier.start.statement) return facts;
  auto statement = StatementStore(connection_, region_).state_of(origin, barrier.epoch);
  if (!statement) return std::unexpected(std::move(statement.error()));
  facts.statement = *statement;
  return facts;
}

std::expected<void, SqlError> BarrierStore::note_statement(const std::string& origin, const BarrierArrival& barrier) {
  const change::RowlessStatement& statement = *barrier.start.statement;
  store::StatementRow row;
  row.origin = origin;
  row.epoch = barrier.epoch;
  row.text = store::statement_for_people(statement.text, kTextBytesMax);
  row.tables = store::statement_for_people(fmt::format("{}", fmt::join(statement.tables, ", ")), kNamesBytesMax);
  row.gtid = statement.gtid;
  return StatementStore(connection_, region_).add(row);
}

// From then on some keys' changes go to the partitions that have rows now, and the gate sees rows without safe time and
// without owner, until the mirror has brought the partitions and each is claimed and has passed this barrier too.
std::expected<void, SqlError> BarrierStore::enter(const std::string& origin, const BarrierArrival& barrier,
                                                  const BarrierFacts& facts, const change::TableRules& rules) {
  ProgressStore store(connection_, region_);
  for (const change::PartitionEnd& named : barrier.start.partitions) {
    ProgressRow row;
    row.key = {.origin = origin, .stream = named.stream, .partition = named.partition};
    if (std::ranges::find(facts.rows, row.key, &ProgressRow::key) != facts.rows.end()) continue;
    if (const auto inserted = store.insert_if_absent(row); !inserted) return std::unexpected(inserted.error());
  }
  for (const UnequalTable& unequal : unequal_behind(barrier, facts.statement, rules)) {
    const store::EqualityRow row{.id = 0,
                                 .origin = origin,
                                 .stream = unequal.stream,
                                 .table = unequal.table,
                                 .word = store::Word::kNotYetEqual,
                                 .why = unequal.why,
                                 .who = "apply",
                                 .said_at = {}};
    const auto added = store::add_equality_once(connection_, region_, row, barrier.epoch);
    if (!added) return std::unexpected(added.error());
  }
  if (!barrier.start.statement) return {};
  return ParkedFirst(region_).forget_before(connection_, origin, barrier.epoch.epoch, barrier.start.statement->tables);
}

}  // namespace farshore::apply
