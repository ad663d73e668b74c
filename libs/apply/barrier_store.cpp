#include "apply/barrier_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "apply/added_columns.hpp"
#include "store/equality.hpp"
#include "store/parked.hpp"
#include "store/parked_first.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using store::ProgressRow;
using store::ProgressStore;
using store::StatementStore;

constexpr std::size_t kTextBytesMax = 4'096;
constexpr std::size_t kNamesBytesMax = 1'000'000;

}  // namespace

BarrierStore::BarrierStore(mysql::Connection& connection, std::string region)
    : connection_(connection), region_(std::move(region)) {}

std::expected<BarrierFacts, SqlError> BarrierStore::read(const std::string& origin, const Barrier& barrier) {
  BarrierFacts facts;
  auto rows = ProgressStore(connection_, region_).load_origin(origin);
  if (!rows) return std::unexpected(std::move(rows.error()));
  facts.rows = std::move(*rows);
  // What the new epoch has parked already, in a partition that was faster, may wait for what is behind the barrier
  // here.
  const auto parked = store::count_parked_before(connection_, region_, origin, barrier.epoch.epoch);
  if (!parked) return std::unexpected(parked.error());
  for (const store::ParkedOfTable& of_table : *parked)
    facts.parked.push_back({.table = of_table.schema + "." + of_table.table, .changes = of_table.changes});
  if (!barrier.asks()) return facts;
  auto statement = StatementStore(connection_, region_).state_of(origin, barrier.epoch);
  if (!statement) return std::unexpected(std::move(statement.error()));
  facts.statement = *statement;
  auto decided = StatementStore(connection_, region_)
                     .was_decided(origin, barrier.start.statement->gtid.to_string(), barrier.epoch);
  if (!decided) return std::unexpected(std::move(decided.error()));
  facts.is_told_again = *decided;
  return facts;
}

std::expected<void, SqlError> BarrierStore::note_statement(const std::string& origin, const Barrier& barrier) {
  const change::RowlessStatement& statement = *barrier.start.statement;
  store::StatementRow row;
  row.origin = origin;
  row.epoch = barrier.epoch;
  row.text = store::statement_for_people(statement.text, kTextBytesMax);
  row.tables = store::statement_for_people(fmt::format("{}", fmt::join(statement.tables, ", ")), kNamesBytesMax);
  row.gtid = statement.gtid.to_string();
  return StatementStore(connection_, region_).add(row);
}

// From then on some keys' changes go to the partitions that have rows now, and the gate sees rows without safe time and
// without owner, until the mirror has brought the partitions and each is claimed and has passed this barrier too.
std::expected<void, SqlError> BarrierStore::pass(const std::string& origin, const Barrier& barrier,
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
  if (auto compared = compare_added(connection_, region_, added_behind(origin, barrier, rules)); !compared)
    return compared;
  if (!barrier.asks() || facts.is_told_again) return {};
  // The statement changed rows of these tables, and no change tells how: what was held back says nothing of them.
  std::span<const std::string> tables = barrier.start.statement->tables;
  if (std::ranges::any_of(tables, [](const std::string& name) { return name.ends_with(".*"); })) tables = {};
  return store::forget_firsts_before(connection_, region_, origin, barrier.epoch.epoch, tables);
}

}  // namespace farshore::apply
