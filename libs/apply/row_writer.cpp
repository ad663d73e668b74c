#include "apply/row_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/error_policy.hpp"
#include "base/check.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::SqlErrorKind;
using store::PartitionState;

bool is_of_missing_parent(const SqlError& error) { return error.code == 1452 || error.code == 1216; }

constexpr std::string_view kNotOfItsColumn = "a value does not belong to its column";

std::string_view name_of(const SqlError& error) {
  return error.kind == SqlErrorKind::kTooNarrow ? "a value does not fit" : "the table does not fit";
}

std::string group_waits(const RowOp& op, const SqlError& error) {
  return fmt::format(
      "table {}: the target refuses a row of the order group {}, and so nothing of transaction {} is applied, and "
      "nothing behind it: {}. Make the target take the row (what clashes with it there, or the constraint); it is "
      "tried again "
      "by itself",
      op.change->table->shape.full_name(), op.target->group(), op.batch->transaction_of(*op.change).gtid,
      error.to_string());
}

Failure cannot_look(const SqlError& error, const RowOp& op) {
  const TableShape& shape = op.change->table->shape;
  const std::string_view why =
      op.target->has_generated() && !mysql::is_transient(error.kind)
          ? " (a column that is generated here may fail for them: make it a plain one, which takes the origin's values)"
          : "";
  return Failure::of_statement(op.slice,
                               fmt::format("table {}: its rows here cannot be compared, or what was found be noted{}",
                                           shape.full_name(), why),
                               error)
      .at(shape);
}

std::string at_hand(const RowOp& op, const store::PartitionKey& partition) {
  return fmt::format("{} of {}, transaction {} ordinal {}, of {}", change::to_string(op.change->op),
                     op.change->table->shape.full_name(), op.batch->transaction_of(*op.change).gtid,
                     op.change->ordinal.raw(), partition.to_string());
}

}  // namespace

std::expected<void, Failure> RowWriter::write(const WritePlan& plan, std::span<const Slice> slices,
                                              std::vector<SliceCounts>& counts) {
  FARSHORE_CHECK(counts.size() == slices.size() && !is_retry_, counts.size(), slices.size());
  slices_ = slices;
  counts_ = &counts;
  if (auto looked = look_at_samples(plan); !looked) return looked;
  for (const WritePlan::Table& table : plan.tables) {
    const Result written = keeps_order(table.path) ? write_in_order(table.ops) : write_coalesced(table.ops);
    if (!written) return written;
  }
  return write_grouped(plan.grouped);
}

std::expected<std::optional<SqlError>, Failure> RowWriter::write_parked(const RowOp& op, std::span<const Slice> slices,
                                                                        std::vector<SliceCounts>& counts) {
  slices_ = slices;
  counts_ = &counts;
  is_retry_ = true;
  refused_.reset();
  const auto written = op.target->group().empty() ? write_row(op) : write_grouped(std::span(&op, 1));
  is_retry_ = false;
  if (!written) return std::unexpected(written.error());
  return std::exchange(refused_, std::nullopt);
}

// Keys differ from one another: deletes first, so that an upsert finds room, and then the upserts.
RowWriter::Result RowWriter::write_coalesced(std::span<const RowOp> ops) {
  // Nothing is refused, or stands in the way of a row, out of its order.
  is_merged_ = !ops.empty() && keeps_order(ops.front().target->path());
  if (is_merged_ && std::ranges::any_of(ops, [&](const RowOp& op) { return is_parked(op); }))
    return std::unexpected(Failure{KeepOrder()});
  std::vector<RowOp>& some = run_;
  for (const bool deletes : {true, false}) {
    some.clear();
    std::ranges::copy_if(ops, std::back_inserter(some), [&](const RowOp& op) { return op.is_delete() == deletes; });
    if (auto written = write_run(deletes ? Form::kDelete : Form::kUpsert, some); !written) return written;
  }
  is_merged_ = false;
  return {};
}

RowWriter::Form RowWriter::form_of(const RowOp& op) {
  switch (op.target->merge().writes) {
    case Writes::kInsertOnly: return change::had_row(op.change->op) ? Form::kRow : Form::kInsert;
    case Writes::kImage: break;
  }
  // Upserts of WritePath::kCareful fail where they would touch another row; then the rows go one by one.
  if (op.is_delete()) return Form::kDelete;
  return op.target->keeps_key(*op.change) ? Form::kUpsert : Form::kRow;
}

// As few statements as the order allows: neighbours of one table and form share them.
RowWriter::Result RowWriter::write_in_order(std::span<const RowOp> ops) {
  if (!is_looking() || ops.empty()) return write_stretch(ops);
  std::size_t from = 0;
  for (const std::size_t to : look_->stretches(ops)) {
    if (auto written = write_stretch(ops.subspan(from, to - from)); !written) return written;
    from = to;
  }
  return {};
}

RowWriter::Result RowWriter::write_stretch(std::span<const RowOp> ops) {
  const auto ahead = look_ahead(ops);
  if (!ahead) return std::unexpected(ahead.error());
  is_looked_at_ = *ahead;
  const Result written = write_runs(ops);
  is_looked_at_ = false;
  return written;
}

// Statements that keep an order are small, and so would be the queries before each of them: the rows are looked at
// before the first. Not those that may be moved, or be changed by a cascade or under another name of their key or in
// another shape, until their turn comes.
std::expected<bool, Failure> RowWriter::look_ahead(std::span<const RowOp> ops) {
  const auto comes_as_it_is = [](const RowOp& op) {
    return op.target->has_bytewise_key() && op.target->keeps_key(*op.change) && !op.repeats_cascades();
  };
  if (!is_looking() || !std::ranges::all_of(ops, comes_as_it_is)) return false;
  std::vector<const TargetTable*> targets;
  for (const RowOp& op : ops) {
    if (std::ranges::find(targets, op.target) != targets.end()) continue;
    for (const TargetTable* const other : targets) {
      if (other->name() == op.target->name() && other->schema() == op.target->schema()) return false;
    }
    targets.push_back(op.target);
  }
  for (const TargetTable* const target : targets) {
    run_.clear();
    std::ranges::copy_if(ops, std::back_inserter(run_),
                         [&](const RowOp& op) { return op.target == target && !is_parked(op); });
    if (run_.empty()) continue;
    if (auto looked = look_->look(connection_, slices_, run_); !looked)
      return std::unexpected(cannot_look(looked.error(), run_.front()));
  }
  return true;
}

RowWriter::Result RowWriter::write_runs(std::span<const RowOp> ops) {
  for (std::size_t from = 0; from < ops.size();) {
    const Form form = form_of(ops[from]);
    std::size_t to = from + 1;
    while (to < ops.size() && ops[to].target == ops[from].target && form_of(ops[to]) == form) ++to;
    if (auto written = write_run(form, ops.subspan(from, to - from)); !written) return written;
    from = to;
  }
  return {};
}

RowWriter::Result RowWriter::write_grouped(std::span<const RowOp> ops) {
  for (std::size_t from = 0; from < ops.size();) {
    const bool checks = ops[from].repeats_cascades();
    std::size_t to = from + 1;
    while (to < ops.size() && ops[to].repeats_cascades() == checks) ++to;
    if (checks) {
      if (auto set = check_keys(true); !set) return std::unexpected(Failure::again(set.error()));
    }
    auto written = write_in_order(ops.subspan(from, to - from));
    if (checks && !connection_.lost()) {
      if (auto set = check_keys(false); !set && written) return std::unexpected(Failure::again(set.error()));
    }
    if (!written) return written;
    from = to;
  }
  return {};
}

std::expected<void, SqlError> RowWriter::check_keys(bool checks) {
  const auto set = connection_.execute(checks ? "SET foreign_key_checks=1" : "SET foreign_key_checks=0");
  if (!set) return std::unexpected(set.error());
  checks_keys_ = checks;
  return {};
}

// Statements of bounded size. One that fails is gone without a trace (the transaction stands, unless it must be
// retried as a whole), and its rows go one by one. A change whose key is parked, perhaps only a moment ago, is not part
// of a statement: what is parked must go with it.
RowWriter::Result RowWriter::write_run(Form form, std::span<const RowOp> ops) {
  if (form == Form::kRow) return write_rows(ops);
  const bool deletes = form == Form::kDelete;
  for (std::size_t from = 0; from < ops.size();) {
    if (is_parked(ops[from])) {
      if (auto written = write_row(ops[from]); !written) return written;
      ++from;
      continue;
    }
    const TargetTable& target = *ops[from].target;
    sql_ = deletes ? target.delete_head() : target.insert_head();
    // What a DELETE of many cascades may be other rows of its own list, which were looked at and are counted.
    const bool alone = deletes && target.cascades_to_itself() && ops[from].repeats_cascades();
    const std::size_t rows_max = alone ? 1 : limits_.rows;
    std::size_t to = from;
    bool well_formed = true;
    while (to < ops.size() && ops[to].target == &target && to - from < rows_max && sql_.size() < limits_.bytes) {
      if (is_parked(ops[to])) break;
      const std::size_t before = sql_.size();
      if (to > from) sql_ += deletes ? target.delete_separator() : ",";
      well_formed = deletes ? target.append_delete_key(ops[to].change->row(), sql_)
                            : target.append_row(ops[to].change->row(), sql_);
      if (to > from && (!well_formed || sql_.size() > connection_.packet_limit() / 2)) {
        sql_.resize(before);
        well_formed = true;
        break;
      }
      ++to;
      if (!well_formed) break;
    }
    FARSHORE_CHECK(to > from, from, ops.size(), limits_.rows, limits_.bytes);
    if (deletes) sql_ += target.delete_tail();
    if (form == Form::kUpsert) sql_ += target.upsert_tail();
    if (auto written = write_statement(ops.subspan(from, to - from), well_formed); !written) return written;
    from = to;
  }
  return {};
}

// sql_, which has the changes of these rows.
RowWriter::Result RowWriter::write_statement(std::span<const RowOp> ops, bool well_formed) {
  if (is_looking() && !is_looked_at_) {
    if (auto looked = look_->look(connection_, slices_, ops); !looked)
      return std::unexpected(cannot_look(looked.error(), ops.front()));
  }
  const auto done = run(well_formed);
  if (done) {
    for (const RowOp& op : ops) ++(*counts_)[op.slice].written;
    if (expects_a_row(ops.front().target->merge().expects)) {
      if (auto judged = judge(ops, *done); !judged) return judged;
    }
    return read_back(ops);
  }
  if (action_for(done.error().kind) == Action::kRetry)
    return std::unexpected(Failure::again(done.error()).at(ops.front().change->table->shape));
  if (is_merged_) return std::unexpected(Failure{KeepOrder()});
  const bool before = std::exchange(is_looked_at_, is_looking());
  auto written = write_rows(ops);
  is_looked_at_ = before;
  return written;
}

RowWriter::Result RowWriter::write_rows(std::span<const RowOp> ops) {
  for (const RowOp& op : ops) {
    if (auto written = write_row(op); !written) return written;
  }
  return {};
}

RowWriter::Result RowWriter::write_row(const RowOp& op) {
  FARSHORE_CHECK(op.target != nullptr && op.slice < slices_.size(), op.slice, slices_.size());
  const store::PartitionKey& partition = slices_[op.slice].key;
  const AtHand at_hand_here([&] { return at_hand(op, partition); });
  if (is_looking() && !is_looked_at_) {
    if (auto looked = look_at(op); !looked) return looked;
  }
  const bool meets_parked = is_parked(op);
  if (meets_parked) {
    switch (op.target->merge().meets_parked) {
      case MeetsParked::kReplaces: break;  // written, or parked, as it is
    }
  }
  // Noted only when the change goes in: it may be refused many times.
  std::vector<RowLook::Sighting> held;
  if (look_ != nullptr && meets_parked) {
    auto seen = look_->look_held(connection_, partition.origin, op);
    if (!seen) return std::unexpected(cannot_look(seen.error(), op));
    held = std::move(seen->seen);
    if (!seen->has_first && is_looking() && !is_looked_at_) {
      const auto is_held = parking_.holds_back(connection_, partition, op);
      if (!is_held) return std::unexpected(cannot_look(is_held.error(), op));
      const auto looked = *is_held ? std::expected<void, SqlError>() : look_->look(connection_, partition, op);
      if (!looked) return std::unexpected(cannot_look(looked.error(), op));
    }
  }
  is_conflict_ = false;
  seen_ = Seen::kAsExpected;
  auto done = apply_one(op);
  if (!done && checks_keys_ && is_of_missing_parent(done.error())) done = apply_unchecked(op, done.error());
  if (!done) {
    if (done.error().code == 0 && done.error().message == kNotOfItsColumn) {
      done.error().message = op.target->unfit(op.change->row());
    }
    return on_row_error(op, done.error());
  }
  if (is_conflict_) return {};
  if (auto read = read_back(std::span(&op, 1)); !read) return read;
  if (!meets_parked) {
    const bool is_known = is_looking() && look_->is_known(op);
    return seen_ == Seen::kAsExpected || is_known ? Result() : on_surprise(op, seen_, 1);
  }
  for (const RowLook::Sighting& sighting : held) {
    if (auto noted = look_->add(connection_, partition, op, sighting); !noted)
      return std::unexpected(cannot_look(noted.error(), op));
  }
  if (auto removed = parking_.written(connection_, partition, op); !removed) {
    return std::unexpected(
        Failure::of_statement(
            op.slice, fmt::format("table {}: what is parked cannot be taken away", op.change->table->shape.full_name()),
            removed.error())
            .at(kOwnSchema, store::kParkedTable));
  }
  return {};
}

bool RowWriter::is_looking() const { return look_ != nullptr && look_->is_looking(); }

// What is parked, or in conflict, has left an older row here: see RowLook::look_held().
RowWriter::Result RowWriter::look_at(const RowOp& op) {
  if (is_parked(op)) return {};
  if (auto looked = look_->look(connection_, slices_[op.slice].key, op); !looked)
    return std::unexpected(cannot_look(looked.error(), op));
  return {};
}

RowWriter::Result RowWriter::look_at_samples(const WritePlan& plan) {
  if (look_ == nullptr) return {};
  for (const WritePlan::Table& table : plan.tables) {
    if (table.ops.empty() || !look_->takes_sample(*table.ops.front().target)) continue;
    if (auto looked = look_at(table.ops.front()); !looked) return looked;
  }
  if (plan.grouped.empty() || !look_->takes_sample(*plan.grouped.front().target)) return {};
  return look_at(plan.grouped.front());
}

// Of rows that were written just now: what comes behind them may change them again, or take them away.
RowWriter::Result RowWriter::read_back(std::span<const RowOp> ops) {
  if (look_ == nullptr) return {};
  if (auto read = look_->read_back(connection_, slices_, ops); !read)
    return std::unexpected(cannot_look(read.error(), ops.front()));
  return {};
}

RowsExpected RowWriter::expected(const RowOp& op) {
  return is_looking() ? look_->expected(op, before_) : rows_expected(op, before_);
}

RowWriter::Result RowWriter::judge(std::span<const RowOp> ops, std::uint64_t rows) {
  if (look_ == nullptr) return {};
  RowsExpected all;
  for (const RowOp& op : ops) {
    const RowsExpected one = expected(op);
    all.least += one.least;
    all.most += one.most;
  }
  if (all.holds(rows)) return {};
  const RowOp& op = ops.front();
  if (rows > all.most) return on_surprise(op, Seen::kInsertExists, rows - all.most);
  return on_surprise(op, op.is_delete() ? Seen::kDeleteMissing : Seen::kUnclear, all.least - rows);
}

// `op`: one of the statement, whose rows are of one table.
RowWriter::Result RowWriter::on_surprise(const RowOp& op, Seen seen, std::uint64_t changes) {
  if (look_ == nullptr) return {};
  if (!is_looking() && look_->wants_again()) return std::unexpected(Failure{LookFirst()});
  const auto count = [&](Mismatch kind) { look_->count(slices_[op.slice].key, op, kind, changes); };
  switch (seen) {
    case Seen::kInsertExists: count(Mismatch::kInsertExists); break;
    case Seen::kUpdateMissing: count(Mismatch::kUpdateMissing); break;
    case Seen::kDeleteMissing: count(Mismatch::kDeleteMissing); break;
    case Seen::kAsExpected:
    case Seen::kUnclear: break;
  }
  return {};
}

bool RowWriter::is_parked(const RowOp& op) const { return parking_.touches(slices_[op.slice].key, op); }

RowWriter::Result RowWriter::on_row_error(const RowOp& op, const SqlError& error) {
  const store::PartitionKey& partition = slices_[op.slice].key;
  const std::string table = op.change->table->shape.full_name();
  switch (action_for(error.kind)) {
    case Action::kRetry: return std::unexpected(Failure::again(error).at(op.change->table->shape));
    case Action::kWait:
      return std::unexpected(
          Failure::of_slice(op.slice, PartitionState::kWaitingForSchema,
                            fmt::format("table {}: {} here: {}", table, name_of(error), described(error))));
    case Action::kStop:
      return std::unexpected(
          Failure::of_slice(op.slice, PartitionState::kStopped, fmt::format("table {}: {}", table, error.to_string())));
    case Action::kPark: break;
  }
  if (is_retry_) {
    refused_ = error;
    return {};
  }
  // Without this row nothing of its transaction is applied, nor anything behind it.
  if (!op.target->group().empty())
    return std::unexpected(Failure::of_slice(op.slice, PartitionState::kStopped, group_waits(op, error)));
  if (parking_.count(partition) >= limits_.parked_rows && !is_parked(op)) {
    return std::unexpected(
        Failure::of_slice(op.slice, PartitionState::kStopped,
                          fmt::format("{} changes are parked, as many as may be; the next one is of table {}: {}",
                                      limits_.parked_rows, table, error.to_string())));
  }
  if (auto parked = parking_.park(connection_, partition, op, error); !parked) {
    return std::unexpected(
        Failure::of_statement(op.slice, fmt::format("table {}: a change cannot be parked", table), parked.error())
            .at(kOwnSchema, store::kParkedTable));
  }
  ++(*counts_)[op.slice].parked;
  return {};
}

// Sends sql_. Text that could not be made whole is the row's fault.
std::expected<std::uint64_t, SqlError> RowWriter::run(bool well_formed) {
  if (!well_formed) {
    return std::unexpected(SqlError{SqlErrorKind::kRefused, 0, {}, std::string(kNotOfItsColumn)});
  }
  return connection_.execute(sql_);
}

}  // namespace farshore::apply
