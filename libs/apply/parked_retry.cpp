#include "apply/parked_retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "apply/error_policy.hpp"
#include "change/batch_reader.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;

constexpr std::size_t kAtOnce = 100;
constexpr std::size_t kTogether = 1000;
constexpr int kRounds = 20;

std::uint32_t slice_of(WorkSet& set, const progress::PartitionKey& partition) {
  const auto slices = set.slices();
  const auto found = std::ranges::find(slices, partition, &Slice::key);
  if (found != slices.end()) return static_cast<std::uint32_t>(found - slices.begin());
  progress::ProgressRow base;
  base.key = partition;
  return set.open_slice(base);
}

// False: the row cannot be written now.
std::expected<bool, SqlError> put(mysql::Connection& connection, bool well_formed, const std::string& sql) {
  if (!well_formed) return false;
  const auto done = connection.execute(sql);
  if (!done && action_for(done.error().kind) == Action::kRetry) return std::unexpected(done.error());
  return done.has_value();
}

// One round: false in `written` for changes that found no room, while the rest had been put in.
std::expected<bool, SqlError> put_in(mysql::Connection& connection, std::span<const RowOp> ops,
                                     std::vector<bool>& written) {
  std::string sql;
  bool all = true;
  for (const bool takes_away : {true, false}) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (!written[i] || (!takes_away && ops[i].is_delete())) continue;
      const auto row = ops[i].change->row();
      sql = takes_away ? "" : ops[i].target->insert_head();
      const bool well_formed =
          takes_away ? ops[i].target->append_delete_one(row, sql) : ops[i].target->append_row(row, sql);
      const auto done = put(connection, well_formed, sql);
      if (!done) return std::unexpected(done.error());
      if (!*done) all = written[i] = false;
    }
  }
  return all;
}

}  // namespace

std::expected<std::vector<bool>, SqlError> write_together(mysql::Connection& connection, std::span<const RowOp> ops) {
  std::vector<bool> written(ops.size(), true);
  if (auto saved = connection.execute("SAVEPOINT together"); !saved) return std::unexpected(saved.error());
  // A row that is left out stays, and may be in the way of others: so until nothing more is left out.
  for (int round = 0; round < kRounds; ++round) {
    const auto all = put_in(connection, ops, written);
    if (!all) return std::unexpected(all.error());
    if (*all) return written;
    if (auto back = connection.execute("ROLLBACK TO SAVEPOINT together"); !back) return std::unexpected(back.error());
  }
  return std::vector<bool>(ops.size(), false);
}

// A batch of its own, as changes come from different epochs; the set keeps it alive.
std::expected<void, Failure> ParkedRetry::read(const ParkedChange& change, WorkSet& set) {
  const std::uint32_t slice = slice_of(set, change.partition);
  auto batch = std::make_shared<ReadBatch>();
  batch->header = change.header;
  batch->value = change.bytes;
  if (auto read = change::read_batch(batch->header, batch->value, tables_, batch->batch); !read) {
    return std::unexpected(Failure::of_slice(slice, progress::PartitionState::kStopped,
                                             fmt::format("a parked change of table {}.{} cannot be read: {}",
                                                         change.key.schema, change.key.table, read.error().detail)));
  }
  set.add({.batch = std::move(batch), .slice = slice, .begin = 0, .end = 1, .contained = {}, .overlaps = false});
  return {};
}

// What is wrong with one change (its table is gone, or has another shape by now) is no reason not to try the others. It
// stays parked with the reason, behind those that were not tried for longer.
std::expected<void, Failure> ParkedRetry::one_by_one(mysql::Connection& connection,
                                                     const progress::ProgressRow& progress) {
  const auto parked = parking_.list(connection, progress.key, kAtOnce);
  if (!parked) return std::unexpected(Failure::again(parked.error()));
  for (const ParkedChange& change : *parked) {
    const auto tried = try_one(connection, progress, change);
    if (tried) continue;
    if (tried.error().retry) return tried;
    if (auto kept = parking_.keep(connection, change, tried.error().reason); !kept) {
      return std::unexpected(Failure::of_statement(0, "what is parked cannot be tried again", kept.error()));
    }
  }
  return {};
}

std::expected<void, Failure> ParkedRetry::try_one(mysql::Connection& connection, const progress::ProgressRow& progress,
                                                  const ParkedChange& change) {
  WorkSet set;
  (void)set.open_slice(progress);
  if (auto done = read(change, set); !done) return done;
  const auto plan = planner_.plan(connection, set, {true});
  if (!plan) return std::unexpected(plan.error());
  counts_.assign(1, SliceCounts());
  return RowWriter(connection, parking_, {}).write(**plan, set.slices(), counts_);
}

std::expected<bool, Failure> ParkedRetry::fits(mysql::Connection& connection, const ParkedChange& change) {
  WorkSet set;
  if (!read(change, set)) return false;
  const auto plan = planner_.plan(connection, set, {true});
  if (!plan && plan.error().retry) return std::unexpected(plan.error());
  return plan.has_value();
}

std::expected<void, Failure> ParkedRetry::together(mysql::Connection& connection,
                                                   const progress::ProgressRow& progress) {
  const auto own = parking_.list(connection, progress.key, kAtOnce);
  if (!own) return std::unexpected(Failure::again(own.error()));
  std::set<std::pair<std::string, std::string>> tables;
  for (const ParkedChange& change : *own) tables.emplace(change.key.schema, change.key.table);
  for (const auto& [schema, table] : tables) {
    const auto parked = parking_.lock_table(connection, progress.key.origin, schema, table, kTogether);
    if (!parked) return std::unexpected(Failure::again(parked.error()));
    WorkSet set;
    (void)set.open_slice(progress);
    for (const ParkedChange& change : *parked) {
      const auto takes_part = fits(connection, change);
      if (!takes_part) return std::unexpected(takes_part.error());
      if (!*takes_part) continue;
      if (auto done = read(change, set); !done) return done;
    }
    const auto plan = planner_.plan(connection, set, std::vector<bool>(set.slices().size(), true));
    if (!plan) return std::unexpected(plan.error());
    std::vector<RowOp> ops;
    for (const WritePlan::Table& planned : (*plan)->tables)
      ops.insert(ops.end(), planned.ops.begin(), planned.ops.end());
    std::erase_if(ops, [](const RowOp& op) { return op.target->path() != WritePath::kCareful; });
    if (ops.size() < 2) continue;
    const auto written = write_together(connection, ops);
    if (!written) return std::unexpected(Failure::again(written.error()));
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (!(*written)[i] || set.slices()[ops[i].slice].key != progress.key) continue;
      if (auto removed = parking_.unpark(connection, progress.key, ops[i]); !removed) {
        return std::unexpected(Failure::again(removed.error()));
      }
    }
  }
  return {};
}

}  // namespace farshore::apply
