#include "apply/parked_retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "apply/error_policy.hpp"
#include "base/gtid.hpp"
#include "change/batch_reader.hpp"
#include "mysql/literal.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;

constexpr std::uint32_t kTriesBeforeTogether = 2;
constexpr std::chrono::milliseconds kTogetherFirst{200};
constexpr std::chrono::seconds kTogetherLongest{60};
constexpr std::size_t kTogether = 1000;
constexpr std::size_t kImages = 100;  // in memory at once, of rows that are not as they should be
constexpr int kCircleRounds = 20;

// What is applied of a partition.
struct Reached {
  EpochId epoch;
  bool is_at_barrier = false;
  OriginPosition position;
};

std::vector<Reached> reached_by(std::span<const store::ProgressRow> rows) {
  std::vector<Reached> reached;
  for (const store::ProgressRow& row : rows)
    reached.push_back({.epoch = row.epoch,
                       .is_at_barrier = store::stands_at_barrier(row.state),
                       .position = OriginPosition::parse(row.origin_position).value_or(OriginPosition())});
  return reached;
}

// Everything that the origin had committed up to this change is applied here, but for what is parked.
bool is_behind_all(std::span<const Reached> partitions, const ParkedChange& change) {
  const auto gtid = Gtid::parse(change.gtid);
  return gtid && std::ranges::all_of(partitions, [&](const Reached& partition) {
           // At the end of the change's epoch there is no later position before the next one is entered.
           if (partition.epoch == change.epoch && partition.is_at_barrier) return true;
           return partition.epoch.epoch >= change.epoch.epoch && partition.position.contains(*gtid);
         });
}

bool is_power_of_two(std::uint32_t number) { return (number & (number - 1)) == 0; }

Failure cannot_be_tried(const SqlError& error) {
  return Failure::of_statement(0, "what is parked cannot be tried again", error);
}

std::expected<std::optional<ParkedRetry::Refusal>, Failure> refusal_or_failure(const Failure& failure) {
  const SliceStops* const stops = failure.slice_stops();
  if (stops == nullptr) return std::unexpected(failure);
  return ParkedRetry::Refusal{.reason = stops->reason, .code = 0, .is_taken = false, .wanted = {}};
}

std::uint32_t slice_of(WorkSet& set, const store::PartitionKey& partition) {
  const auto slices = set.slices();
  const auto found = std::ranges::find(slices, partition, &Slice::key);
  if (found != slices.end()) return static_cast<std::uint32_t>(found - slices.begin());
  store::ProgressRow base;
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

// What stands in the target's own columns of a row that is about to be taken away and put in again, as assignments.
// Empty: there is none. Nothing: it cannot be kept.
std::expected<std::optional<std::string>, SqlError> own_columns(mysql::Connection& connection, const RowOp& op) {
  if (op.is_delete() || !op.target->has_own_columns()) return std::string();
  std::string sql;
  if (!op.target->append_own_assignments(op.change->row(), sql)) return std::nullopt;
  const auto rows = connection.query(sql);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::string();
  return rows->rows[0][0];
}

std::expected<bool, SqlError> take_away(mysql::Connection& connection, const RowOp& op, std::string& own) {
  auto kept = own_columns(connection, op);
  if (!kept) return std::unexpected(kept.error());
  if (!*kept) return false;
  own = std::move(**kept);
  std::string sql;
  const bool well_formed = op.target->append_delete_one(op.change->row(), sql);
  return put(connection, well_formed, sql);
}

std::expected<bool, SqlError> put_back(mysql::Connection& connection, const RowOp& op, const std::string& own) {
  std::string sql = op.target->insert_head();
  bool well_formed = op.target->append_row(op.change->row(), sql);
  const auto inserted = put(connection, well_formed, sql);
  if (!inserted || !*inserted || own.empty()) return inserted;
  sql.clear();
  well_formed = op.target->append_own_update(own, op.change->row(), sql);
  return put(connection, well_formed, sql);
}

// One round: false in `written` for changes that found no room, while the rest had been put in.
std::expected<bool, SqlError> put_in(mysql::Connection& connection, std::span<const RowOp> ops,
                                     std::vector<bool>& written) {
  std::vector<std::string> own(ops.size());
  bool all = true;
  for (const bool takes_away : {true, false}) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (!written[i] || (!takes_away && ops[i].is_delete())) continue;
      const auto done = takes_away ? take_away(connection, ops[i], own[i]) : put_back(connection, ops[i], own[i]);
      if (!done) return std::unexpected(done.error());
      if (!*done) all = written[i] = false;
    }
  }
  return all;
}

// Another partition's parked change may be written here and stay parked, since to write its image again changes
// nothing.
bool may_go_together(const RowOp& op) {
  switch (op.target->merge().writes) {
    case Writes::kImage: return may_clash(op.target->path());
    case Writes::kInsertOnly: return false;
  }
  return false;
}

}  // namespace

std::expected<std::vector<bool>, SqlError> write_together(mysql::Connection& connection, std::span<const RowOp> ops) {
  std::vector<bool> written(ops.size(), true);
  if (auto saved = connection.execute("SAVEPOINT together"); !saved) return std::unexpected(saved.error());
  // A row that is left out stays, and may be in the way of others: so until nothing more is left out.
  for (int round = 0; round < kCircleRounds; ++round) {
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
    return std::unexpected(Failure::of_slice(slice, store::PartitionState::kStopped,
                                             fmt::format("a parked change of table {}.{} cannot be read: {}",
                                                         change.key.schema, change.key.table, read.error().detail)));
  }
  set.add({.batch = std::move(batch), .slice = slice, .begin = 0, .end = 1, .contained = {}, .overlaps = false});
  return {};
}

std::expected<RowOp, Failure> ParkedRetry::op_of(mysql::Connection& connection, const store::ProgressRow& progress,
                                                 const ParkedChange& change) {
  set_.clear();
  (void)set_.open_slice(progress);
  if (auto done = read(change, set_); !done) return std::unexpected(done.error());
  const auto plan = planner_.plan(connection, set_, std::vector<bool>(set_.slices().size(), true));
  if (!plan) return std::unexpected(plan.error());
  if (!(*plan)->grouped.empty()) return (*plan)->grouped.front();
  return (*plan)->tables.front().ops.front();
}

// What is wrong with one change (its table is gone, or has another shape by now) is no reason not to try the others: it
// is refused.
std::expected<std::optional<ParkedRetry::Refusal>, Failure> ParkedRetry::try_one(mysql::Connection& connection,
                                                                                 const store::ProgressRow& progress,
                                                                                 const ParkedChange& change) {
  const auto op = op_of(connection, progress, change);
  if (!op) return refusal_or_failure(op.error());
  counts_.assign(set_.slices().size(), SliceCounts());
  const auto refused = RowWriter(connection, parking_, {}, look_).write_parked(*op, set_.slices(), counts_);
  if (!refused) return refusal_or_failure(refused.error());
  if (*refused) {
    const bool is_taken = (*refused)->kind == mysql::SqlErrorKind::kDuplicate;
    return Refusal{.reason = (*refused)->message,
                   .code = (*refused)->code,
                   .is_taken = is_taken,
                   .wanted = is_taken ? values_wanted(*op) : std::vector<UniqueValue>()};
  }
  std::ranges::copy(values_freed(*op), std::back_inserter(freed_));
  return std::nullopt;
}

std::expected<bool, Failure> ParkedRetry::pass(mysql::Connection& connection, const store::ProgressRow& progress,
                                               Clock::time_point now) {
  refused_.clear();
  applied_.clear();
  freed_.clear();
  converted_.clear();
  conflicts_.clear();
  if (auto tried = try_due(connection, progress, now); !tried) return std::unexpected(tried.error());
  if (auto tried = try_tables(connection, progress, now); !tried) return std::unexpected(tried.error());
  bool noted = false;
  for (const Refused& refused : refused_) {
    if (!parking_.is_parked(progress.key, refused.change.key)) continue;
    if (!refused.is_news && (refused.attempts < 2 || !is_power_of_two(refused.attempts))) continue;
    noted = true;
    if (auto done =
            parking_.note_try(connection, refused.change, refused.attempts, refused.why.code, refused.why.reason);
        !done) {
      return std::unexpected(cannot_be_tried(done.error()));
    }
  }
  return noted || parking_.has_edits();
}

std::expected<void, Failure> ParkedRetry::try_due(mysql::Connection& connection, const store::ProgressRow& progress,
                                                  Clock::time_point now) {
  std::vector<ParkedKey> due = parking_.waits().take_due(progress.key, now);
  while (!due.empty()) {
    const auto changes = parking_.find(connection, progress.key, due);
    if (!changes) return std::unexpected(cannot_be_tried(changes.error()));
    if (changes->empty()) {
      // Somebody took them away by hand.
      for (const ParkedKey& key : due) parking_.drop(progress.key, key);
      return {};
    }
    for (const ParkedChange& change : *changes) {
      std::erase(due, change.key);
      auto tried = try_one(connection, progress, change);
      if (!tried) return std::unexpected(tried.error());
      if (!*tried) {
        applied_.push_back(change.key);
        continue;
      }
      const auto said = std::hash<std::string>{}((*tried)->reason);
      const auto counted = parking_.waits().refused(progress.key, change.key, now, (*tried)->wanted, said);
      const bool is_news = counted.attempts == 1 ? (*tried)->reason != change.reason : counted.is_news;
      refused_.push_back(
          {.change = change, .why = std::move(**tried), .attempts = counted.attempts, .is_news = is_news});
    }
  }
  return {};
}

bool ParkedRetry::may_be_in_a_circle(const store::PartitionKey& partition, const TableName& table,
                                     Clock::time_point now) const {
  const auto found = together_.find({partition, table});
  return found == together_.end() || now >= found->second.next_at;
}

std::expected<void, Failure> ParkedRetry::try_tables(mysql::Connection& connection, const store::ProgressRow& progress,
                                                     Clock::time_point now) {
  std::set<TableName> tables;
  for (const Refused& refused : refused_) {
    if (refused.why.is_taken && refused.attempts >= kTriesBeforeTogether)
      tables.insert({refused.change.key.schema, refused.change.key.table});
  }
  if (tables.empty()) return {};
  const auto rows = store::ProgressStore(connection, region_).load_origin(progress.key.origin);
  if (!rows) return std::unexpected(cannot_be_tried(rows.error()));
  const std::vector<Reached> reached = reached_by(*rows);
  for (const TableName& table : tables) {
    std::vector<const Refused*> clashes;
    for (const Refused& refused : refused_) {
      const bool is_of_table = refused.change.key.schema == table.schema && refused.change.key.table == table.table;
      if (is_of_table && refused.why.is_taken && is_behind_all(reached, refused.change)) clashes.push_back(&refused);
    }
    if (clashes.empty() && !may_be_in_a_circle(progress.key, table, now)) continue;
    Together& again = together_[{progress.key, table}];
    again.time = std::min<std::chrono::milliseconds>(kTogetherLongest, std::max(kTogetherFirst, again.time * 2));
    again.next_at = now + again.time;
    const auto only_taken = together(connection, progress, table);
    if (!only_taken) return std::unexpected(only_taken.error());
    if (!*only_taken) continue;
    for (const Refused* const clash : clashes) {
      if (!parking_.is_parked(progress.key, clash->change.key)) {
        together_.erase({progress.key, table});
        continue;
      }
      if (auto made = make_conflict(connection, progress, *clash); !made) return made;
    }
  }
  return {};
}

std::expected<void, Failure> ParkedRetry::make_conflict(mysql::Connection& connection,
                                                        const store::ProgressRow& progress, const Refused& refused) {
  const auto op = op_of(connection, progress, refused.change);
  if (!op) return std::unexpected(op.error());
  const std::string reason =
      fmt::format("another row here holds a unique value of this one, and no change of the origin takes it away: {}",
                  refused.why.reason);
  if (auto kept = parking_.add_clash(connection, progress.key, *op, reason); !kept) {
    return std::unexpected(cannot_be_tried(kept.error()));
  }
  const ParkedKey& key = refused.change.key;
  converted_.insert({key.schema, key.table});
  conflicts_.push_back(
      fmt::format("{}: the parked change {} of table {}.{} is a conflict now, see farshorectl conflicts: {}",
                  progress.key.to_string(), refused.change.seq.raw(), key.schema, key.table, reason));
  return {};
}

std::expected<bool, Failure> ParkedRetry::fits(mysql::Connection& connection, const ParkedChange& change) {
  WorkSet set;
  if (!read(change, set)) return false;
  const auto plan = planner_.plan(connection, set, {true});
  if (!plan && plan.error().slice_stops() == nullptr) return std::unexpected(plan.error());
  return plan.has_value();
}

std::expected<bool, Failure> ParkedRetry::together(mysql::Connection& connection, const store::ProgressRow& progress,
                                                   const TableName& table) {
  const auto parked = parking_.lock_table(connection, progress.key.origin, table.schema, table.table, kTogether);
  if (!parked) return std::unexpected(cannot_be_tried(parked.error()));
  const auto others = parking_.count_not_taken(connection, progress.key.origin, table.schema, table.table);
  if (!others) return std::unexpected(cannot_be_tried(others.error()));
  WorkSet set;
  (void)set.open_slice(progress);
  for (const ParkedChange& change : *parked) {
    const auto takes_part = fits(connection, change);
    if (!takes_part) return std::unexpected(takes_part.error());
    if (!*takes_part) continue;
    if (auto done = read(change, set); !done) return std::unexpected(done.error());
  }
  const auto plan = planner_.plan(connection, set, std::vector<bool>(set.slices().size(), true));
  if (!plan) return std::unexpected(plan.error());
  std::vector<RowOp> ops;
  for (const WritePlan::Table& planned : (*plan)->tables) ops.insert(ops.end(), planned.ops.begin(), planned.ops.end());
  std::erase_if(ops, [](const RowOp& op) { return !may_go_together(op); });
  if (ops.size() < 2) return *others == 0;
  if (auto done = write_all(connection, progress, set, ops); !done) return std::unexpected(done.error());
  return *others == 0;
}

std::expected<void, Failure> ParkedRetry::write_all(mysql::Connection& connection, const store::ProgressRow& progress,
                                                    const WorkSet& set, std::span<const RowOp> ops) {
  std::vector<std::vector<RowLook::Sighting>> seen(ops.size());
  std::size_t sightings = 0;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    auto looked = look_held(connection, progress.key, ops[i], sightings < kImages);
    if (!looked) return std::unexpected(std::move(looked.error()));
    seen[i] = std::move(*looked);
    sightings += seen[i].size();
  }
  const auto written = write_together(connection, ops);
  if (!written) return std::unexpected(Failure::again(written.error()));
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (!(*written)[i]) continue;
    const store::PartitionKey& partition = set.slices()[ops[i].slice].key;
    if (auto noted = note_seen(connection, partition, ops[i], seen[i]); !noted) return noted;
    if (auto read = read_back(connection, set.slices(), ops[i]); !read) return read;
    // From here on the row is as another partition's parked change leaves it, not as its first one expects it.
    const bool is_ours = partition == progress.key;
    const auto done = is_ours ? parking_.written(connection, partition, ops[i])
                              : parking_.expect_written(connection, partition, ops[i]);
    if (!done) return std::unexpected(cannot_be_tried(done.error()));
    if (is_ours) applied_.push_back(keys_of(ops[i]).front());
  }
  return {};
}

std::expected<std::vector<RowLook::Sighting>, Failure> ParkedRetry::look_held(mysql::Connection& connection,
                                                                              const store::PartitionKey& partition,
                                                                              const RowOp& op, bool with_images) {
  if (look_ == nullptr) return std::vector<RowLook::Sighting>();
  auto held = look_->look_held(connection, partition.origin, op, with_images);
  if (!held) return std::unexpected(cannot_be_tried(held.error()));
  return std::move(held->seen);
}

std::expected<void, Failure> ParkedRetry::note_seen(mysql::Connection& connection, const store::PartitionKey& partition,
                                                    const RowOp& op, std::span<const RowLook::Sighting> seen) {
  for (const RowLook::Sighting& sighting : seen) {
    if (auto noted = look_->add(connection, partition, op, sighting); !noted)
      return std::unexpected(cannot_be_tried(noted.error()));
  }
  return {};
}

std::expected<void, Failure> ParkedRetry::read_back(mysql::Connection& connection, std::span<const Slice> slices,
                                                    const RowOp& op) {
  if (look_ == nullptr) return {};
  if (auto read = look_->read_back(connection, slices, std::span(&op, 1)); !read)
    return std::unexpected(cannot_be_tried(read.error()));
  return {};
}

void ParkedRetry::settled(bool committed, const store::PartitionKey& partition, Clock::time_point now) {
  ParkedWaits& waits = parking_.waits();
  if (!committed) return;
  for (const ParkedKey& key : applied_) waits.wake_table(partition, key, now, false);
  for (const auto& [schema, table] : converted_) {
    // Others of the table may be settled by now as well.
    waits.wake_table(partition, {.schema = schema, .table = table, .hash = {}}, now, true);
  }
  waits.freed(freed_, now);
}

}  // namespace farshore::apply
