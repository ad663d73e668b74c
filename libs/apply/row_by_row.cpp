#include <fmt/format.h>

#include "apply/row_writer.hpp"

// RowWriter's one change alone: its statements by the merge rule of its table, and what their answers say.
namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::SqlErrorKind;

/// The message of a duplicate ends in "for key 'PRIMARY'" (MariaDB) or "for key 'orders.PRIMARY'" (MySQL), in English,
/// which sessions ask for.
bool is_of_primary_key(const SqlError& error) {
  return error.message.ends_with("'PRIMARY'") || error.message.ends_with(".PRIMARY'");
}

}  // namespace

std::expected<void, SqlError> RowWriter::apply_one(const RowOp& op) {
  switch (op.target->merge().writes) {
    case Writes::kImage: return write_image(op);
    case Writes::kInsertOnly: return insert_only(op);
  }
  return {};
}

std::expected<void, SqlError> RowWriter::write_image(const RowOp& op) {
  const TargetTable& target = *op.target;
  sql_.clear();
  if (op.is_delete()) {
    const auto done = run(target.append_delete_one(op.change->row(), sql_));
    if (!done) return std::unexpected(done.error());
    const RowsExpected rows = expected(op);
    if (*done < rows.least) seen_ = Seen::kDeleteMissing;
    if (*done > rows.most) seen_ = Seen::kInsertExists;
  } else if (!target.keeps_key(*op.change)) {
    return move_key(op);
  } else if (may_clash(target.path())) {
    return upsert_carefully(op);
  } else {
    sql_ = target.insert_head();
    const bool well_formed = target.append_row(op.change->row(), sql_);
    sql_ += target.upsert_tail();
    const auto done = run(well_formed);
    if (!done) return std::unexpected(done.error());
    const RowsExpected rows = expected(op);
    if (*done > rows.most) seen_ = Seen::kInsertExists;
    if (*done < rows.least) seen_ = Seen::kUnclear;
  }
  ++(*counts_)[op.slice].written;
  return {};
}

std::expected<void, SqlError> RowWriter::apply_unchecked(const RowOp& op, const SqlError& refusal) {
  // An UPDATE may cascade itself.
  if (op.is_delete() || (change::changes_row(op.change->op) && op.target->is_cascading_parent()))
    return std::unexpected(refusal);
  sql_.clear();
  if (!op.target->append_missing_parents(op.change->row(), sql_)) return std::unexpected(refusal);
  if (!sql_.empty()) {
    const auto missing = connection_.query(sql_);
    if (!missing) return std::unexpected(missing.error());
    if (!missing->empty()) return std::unexpected(refusal);
  }
  if (auto off = check_keys(false); !off) return off;
  auto done = apply_one(op);
  if (connection_.lost()) return done;
  if (auto on = check_keys(true); !on) return on;
  return done;
}

// An upsert could rewrite the row that holds the further unique key's value, which is another row: so an update by
// key, and an insert if there is nothing to update. A duplicate of the primary key whose row the update does not find
// is another row too: the key covers only a prefix here.
std::expected<void, SqlError> RowWriter::upsert_carefully(const RowOp& op) {
  const TargetTable& target = *op.target;
  const auto row = op.change->row();
  const auto update = [&]() -> std::expected<std::uint64_t, SqlError> {
    sql_.clear();
    return run(target.append_update(row, row, sql_));
  };
  const auto insert = [&]() -> std::expected<std::uint64_t, SqlError> {
    sql_ = target.insert_head();
    return run(target.append_row(row, sql_));
  };
  std::expected<std::uint64_t, SqlError> done = 0;
  if (!change::had_row(op.change->op)) {
    done = insert();
    if (!done && done.error().kind == SqlErrorKind::kDuplicate && is_of_primary_key(done.error())) {
      if (const auto updated = update(); !updated || *updated > 0) done = updated;
      seen_ = Seen::kInsertExists;
    }
  } else {
    done = update();
    if (done && *done == 0) {
      done = insert();
      seen_ = Seen::kUpdateMissing;
    }
  }
  if (!done) return std::unexpected(done.error());
  ++(*counts_)[op.slice].written;
  return {};
}

// Inside an order group a row keeps its children when its key changes.
std::expected<void, SqlError> RowWriter::move_key(const RowOp& op) {
  row_before(*op.change, before_);
  sql_.clear();
  const auto moved = run(op.target->append_update(op.change->after, before_, sql_));
  if (!moved) return std::unexpected(moved.error());
  if (*moved == 0) {
    seen_ = Seen::kUnclear;  // it may have been moved already
    return upsert_carefully(op);
  }
  ++(*counts_)[op.slice].written;
  return {};
}

std::expected<void, SqlError> RowWriter::insert_only(const RowOp& op) {
  const TargetTable& target = *op.target;
  const auto row = op.change->row();
  if (change::had_row(op.change->op)) {
    return add_conflict(op, fmt::format("{} of a row of an immutable table", change::to_string(op.change->op)));
  }
  sql_ = target.insert_head();
  const auto inserted = run(target.append_row(row, sql_));
  if (inserted) {
    ++(*counts_)[op.slice].written;
    return {};
  }
  if (inserted.error().kind != SqlErrorKind::kDuplicate) return std::unexpected(inserted.error());
  sql_.clear();
  if (!target.append_compare(row, TargetTable::Written::kByApply, sql_)) return std::unexpected(inserted.error());
  const auto same = connection_.query(sql_);
  if (!same) return std::unexpected(same.error());
  if (!same->empty() && same->text(0, 0) == "1") {
    ++(*counts_)[op.slice].unchanged;
    return {};
  }
  return add_conflict(op, "the key is there with other content: " + inserted.error().message);
}

std::expected<void, SqlError> RowWriter::add_conflict(const RowOp& op, const std::string& reason) {
  if (auto added = parking_.add_conflict(connection_, slices_[op.slice].key, op, reason); !added) return added;
  ++(*counts_)[op.slice].conflicts;
  is_conflict_ = true;
  return {};
}

}  // namespace farshore::apply
