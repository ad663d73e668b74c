#include "apply/read_back.hpp"

#include <utility>

#include "apply/row_query.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using store::Mismatch;

}  // namespace

std::expected<std::span<const ReadBack::Other>, SqlError> ReadBack::read(mysql::Connection& connection,
                                                                         std::span<const RowOp> ops, bool whole) {
  others_.clear();
  states_.assign(ops.size(), State::kPassedOver);
  if (ops.front().target->has_generated()) {
    note_keys(ops);
    if (auto looked = look_at_generated(connection, ops); !looked) return std::unexpected(looked.error());
  }
  // The last is the last of its key.
  const RowOp& last = ops.back();
  const bool is_sampled = whole && !last.is_delete() && !last.repeats_cascades();
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (states_[i] != State::kUnseen && !(is_sampled && i + 1 == ops.size())) continue;
    if (auto added = add_if_other(connection, ops, i); !added) return std::unexpected(added.error());
  }
  return std::span<const Other>(others_);
}

std::expected<void, SqlError> ReadBack::add_if_other(mysql::Connection& connection, std::span<const RowOp> ops,
                                                     std::size_t at) {
  const RowOp& op = ops[at];
  auto other = compare(connection, *op.target, op.change->after);
  if (!other) return std::unexpected(other.error());
  if (!*other) return {};
  // What the statement cascades itself comes after what it writes.
  if ((*other)->kind == Mismatch::kWrittenOther && op.repeats_cascades()) return {};
  // Shown with the source's values already, in a form that knows more than the server's comparison of two types.
  if ((*other)->kind == Mismatch::kGeneratedOther && states_[at] == State::kAsWritten) return {};
  (*other)->op = at;
  others_.push_back(std::move(**other));
  return {};
}

std::expected<std::optional<ReadBack::Other>, SqlError> ReadBack::compare(mysql::Connection& connection,
                                                                          const TargetTable& target,
                                                                          std::span<const Value> row) {
  using Result = std::expected<std::optional<Other>, SqlError>;
  sql_.clear();
  if (!target.append_compare_each(row, sql_)) return Result();  // see unfit()
  sql_ += " FOR UPDATE";
  const auto rows = connection.query(sql_);
  if (!rows && cannot_be_compared(rows.error())) return Result();
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return Other{.op = 0, .kind = Mismatch::kWrittenOther, .columns = {}};
  auto differing = target.differing(row, rows->rows[0]);
  if (!differing.written.empty())
    return Other{.op = 0, .kind = Mismatch::kWrittenOther, .columns = std::move(differing.written)};
  if (!differing.generated.empty())
    return Other{.op = 0, .kind = Mismatch::kGeneratedOther, .columns = std::move(differing.generated)};
  return Result();
}

// Which change is a key's last, and where the row that is shown with that key belongs.
void ReadBack::note_keys(std::span<const RowOp> ops) {
  const TargetTable& target = *ops.front().target;
  keys_.clear();
  for (auto i = static_cast<std::uint32_t>(ops.size()); i-- > 0;) {
    const auto row = ops[i].change->row();
    key_.clear();
    target.append_key(row, key_);
    if (keys_.find_or_add(kKeys, key_, i) != i || ops[i].is_delete()) continue;
    states_[i] = State::kUnseen;
    key_.clear();
    if (target.shown_generated().append_key(row, key_, scratch_)) (void)keys_.find_or_add(kShownKeys, key_, i);
  }
}

std::expected<void, SqlError> ReadBack::look_at_generated(mysql::Connection& connection, std::span<const RowOp> ops) {
  const TargetTable& target = *ops.front().target;
  const RowForm& form = target.shown_generated();
  for (std::size_t at = 0; at < ops.size();) {
    const auto is_unseen = [&](std::size_t i) { return states_[i] == State::kUnseen; };
    const auto leave = [](std::size_t) {};  // it stays unseen
    if (!make_query(target, target.look_generated_head(), ops, at, sql_, is_unseen, leave)) continue;
    const auto rows = connection.query(sql_);
    if (!rows && cannot_be_compared(rows.error())) continue;
    if (!rows) return std::unexpected(rows.error());
    for (const auto& row : rows->rows) {
      if (row.size() != form.size()) continue;
      key_.clear();
      form.append_key(row, key_, scratch_);
      const std::uint32_t i = keys_.find_or_add(kShownKeys, key_, UINT32_MAX);
      if (i != UINT32_MAX && form.is_shown(ops[i].change->row(), row, scratch_)) states_[i] = State::kAsWritten;
    }
  }
  return {};
}

}  // namespace farshore::apply
