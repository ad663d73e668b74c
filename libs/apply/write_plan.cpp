#include "apply/write_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/gtid.hpp"

namespace farshore::apply {
namespace {

constexpr int kRounds = 5;  // the second finds what was bound in the first, or its tables under their locks

// The place of the key's change among `ops`: a new one, or the one that is joined with it.
void put(const RowOp& op, std::uint32_t place, std::vector<RowOp>& ops) {
  if (place == ops.size()) {
    ops.push_back(op);
  } else {
    join(ops[place], op);
  }
}

// Where no two changes become one, each key's keep their order as those of different keys do.
WritePath path_of(const TargetTable& target) {
  return joins_changes(target.merge().combine) ? target.path() : std::max(target.path(), WritePath::kOrdered);
}

}  // namespace

ServerKind kind_of_source(const change::Batch& batch) {
  const bool is_known = !batch.transactions().empty() && !batch.transactions().front().id.empty();
  return is_known ? batch.transactions().front().id.kind : ServerKind::kMariadb;
}

std::expected<const WritePlan*, Failure> Planner::plan(mysql::Connection& connection, const WorkSet& set,
                                                       const std::vector<bool>& active, bool merges) {
  for (int round = 0; round < kRounds; ++round) {
    if (auto gathered = gather(connection, set, active, merges); !gathered)
      return std::unexpected(std::move(gathered.error()));
    const auto holds = catalog_.still_holds(connection);
    if (!holds) return std::unexpected(Failure::again(holds.error()));
    if (*holds) return &plan_;
  }
  return std::unexpected(Failure{TargetMoved{"the target's tables are being changed"}});
}

std::expected<void, Failure> Planner::gather(mysql::Connection& connection, const WorkSet& set,
                                             const std::vector<bool>& active, bool merges) {
  plan_.tables.clear();
  plan_.grouped.clear();
  plan_.targets.clear();
  keys_.clear();
  values_.clear();
  catalog_.begin_round();
  for (const BatchPart& part : set.parts()) {
    if (!active[part.slice]) continue;
    if (auto added = add_part(connection, part); !added) return added;
  }
  for (std::uint32_t table = 0; table < plan_.tables.size(); ++table) {
    if (merges && may_clash(plan_.tables[table].path)) merge_where_no_values_are_shared(table);
  }
  return {};
}

std::expected<void, Failure> Planner::add_part(mysql::Connection& connection, const BatchPart& part) {
  const auto changes = part.batch->batch.changes();
  known_.clear();
  for (std::uint32_t i = part.begin; i < part.end; ++i) {
    if (part.is_contained(i)) continue;
    const auto table = table_of(connection, part, changes[i]);
    if (!table) return std::unexpected(table.error());
    const RowOp op{.change = &changes[i],
                   .first = nullptr,
                   .batch = &part.batch->batch,
                   .target = table->target,
                   .slice = part.slice};
    add_change(table->table, op);
  }
  return {};
}

std::expected<Planner::Known, Failure> Planner::table_of(mysql::Connection& connection, const BatchPart& part,
                                                         const change::ChangeView& change) {
  for (const Known& known : known_) {
    if (known.source == change.table) return known;
  }
  const auto tables = part.batch->batch.tables();
  const auto source = std::ranges::find_if(tables, [&](const auto& table) { return table.get() == change.table; });
  const auto target = catalog_.find(connection, *source, kind_of_source(part.batch->batch));
  if (!target && target.error().error) {
    return std::unexpected(
        Failure::of_statement(part.slice, fmt::format("table {} cannot be looked up", (*source)->shape.full_name()),
                              *target.error().error)
            .at((*source)->shape));
  }
  if (!target && target.error().session_is_old) return std::unexpected(Failure{SessionIsOld()});
  if (!target) {
    return std::unexpected(Failure::of_slice(part.slice, target.error().state, target.error().reason));
  }
  plan_.targets.push_back(*target);
  // Two shapes of one table share an entry, so that their changes keep their order.
  const std::string name = (*source)->shape.full_name();
  const auto planned = std::ranges::find(plan_.tables, name, &WritePlan::Table::name);
  const Known known{.source = change.table,
                    .target = target->get(),
                    .table = static_cast<std::uint32_t>(planned - plan_.tables.begin())};
  if (planned == plan_.tables.end()) {
    plan_.tables.push_back({.name = name, .path = path_of(**target), .ops = {}});
  } else {
    planned->path = std::max(planned->path, path_of(**target));
  }
  known_.push_back(known);
  return known;
}

void Planner::add_change(std::uint32_t table, const RowOp& op) {
  if (!op.target->group().empty()) {
    plan_.grouped.push_back(op);
    return;
  }
  std::vector<RowOp>& ops = plan_.tables[table].ops;
  if (keeps_order(plan_.tables[table].path)) {
    ops.push_back(op);
    return;
  }
  key_.clear();
  op.target->append_key(op.change->row(), key_);
  const auto fresh = static_cast<std::uint32_t>(ops.size());
  const std::uint32_t place = keys_.find_or_add(table, key_, fresh);
  if (place != fresh && !follows(op, ops[place])) {
    // Another origin's, or in another shape, or with another's change between them, which comes in another record: each
    // has to be compared. From here on the table's changes keep their order.
    plan_.tables[table].path = WritePath::kOrdered;
    ops.push_back(op);
    return;
  }
  put(op, place, ops);
}

// Where no value of a further unique key belongs to two rows, before or after any of the changes, each row can be
// written for itself: the order between rows does not matter. A row that is refused, as by one that only the target's
// collation holds equal or that is not of the work set, makes the set be written again in its order.
void Planner::merge_where_no_values_are_shared(std::uint32_t table) {
  std::vector<RowOp>& ops = plan_.tables[table].ops;
  merged_.clear();
  for (const RowOp& op : ops) {
    const TargetTable& target = *op.target;
    if (!target.is_free_but_for_values() || &target != ops.front().target || !target.keeps_key(*op.change)) return;
    key_.clear();
    target.append_key(op.change->row(), key_);
    const std::uint32_t owner = keys_.find_or_add(table, key_, static_cast<std::uint32_t>(merged_.size()));
    if (!owns_its_values(op.change->row(), target, table, owner)) return;
    if (change::changes_row(op.change->op) && std::ranges::any_of(op.change->before_columns, [&](std::uint32_t column) {
          return std::ranges::binary_search(target.unique_columns(), column);
        })) {
      row_before(*op.change, before_);
      if (!owns_its_values(before_, target, table, owner)) return;
    }
    if (owner < merged_.size() && !follows(op, merged_[owner])) return;
    put(op, owner, merged_);
  }
  ops.swap(merged_);
  plan_.tables[table].path = WritePath::kCoalesced;
}

bool Planner::owns_its_values(std::span<const Value> row, const TargetTable& target, std::uint32_t table,
                              std::uint32_t owner) {
  for (std::uint32_t i = 0; i < target.unique_keys(); ++i) {
    key_.assign(1, static_cast<char>(i));
    if (target.append_unique(i, row, key_) && values_.find_or_add(table, key_, owner) != owner) return false;
  }
  return true;
}

}  // namespace farshore::apply
