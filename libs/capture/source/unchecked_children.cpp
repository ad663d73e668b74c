#include "capture/source/unchecked_children.hpp"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <set>
#include <span>
#include <utility>

#include "base/row_change.hpp"
#include "change/key.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

using change::CascadingKey;

std::chrono::sys_seconds seconds_of(SourceTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

/// The columns of a key in one of its two tables, of a row at hand.
class KeyColumns {
 public:
  KeyColumns(const TableShape& shape, const std::vector<std::string>& names, ServerKind source) : shape_(shape) {
    for (const std::string& name : names) {
      const auto column = std::ranges::find(shape.columns, name, &Column::name);
      if (column == shape.columns.end()) return;
      columns_.push_back(static_cast<std::size_t>(column - shape.columns.begin()));
      is_any_ = is_any_ || !change::column_is_bytewise(*column, source);
    }
    is_known_ = !columns_.empty();
  }

  /// They refer to no row, and none refers to them.
  [[nodiscard]] bool has_null(std::span<const Value> row) const {
    return is_known_ && std::ranges::any_of(columns_, [&](std::size_t index) { return row[index].is_null(); });
  }
  [[nodiscard]] bool are_same(const RowChange& row) const {
    return is_known_ &&
           std::ranges::all_of(columns_, [&](std::size_t index) { return row.before[index] == row.after[index]; });
  }
  /// Nothing: it may be equal to any, as far as its bytes say.
  [[nodiscard]] std::optional<std::uint64_t> value(std::span<const Value> row, std::string& bytes) const {
    if (!is_known_ || is_any_) return std::nullopt;
    bytes.clear();
    for (const std::size_t index : columns_) change::append_canonical(row[index], shape_.columns[index], true, bytes);
    return XXH3_64bits(bytes.data(), bytes.size());
  }

 private:
  const TableShape& shape_;
  std::vector<std::size_t> columns_;
  bool is_known_ = false;
  bool is_any_ = false;
};

std::uint64_t digest_of(const TableName& child) {
  const std::string name = child.to_string();
  return XXH3_64bits(name.data(), name.size());
}

std::uint64_t digest_of(std::uint64_t child, std::uint64_t value) {
  return XXH3_64bits_withSeed(&value, sizeof(value), child);
}

}  // namespace

UncheckedChildren::UncheckedChildren(ServerKind source, const std::vector<change::UncheckedChild>& kept)
    : source_(source) {
  for (const change::UncheckedChild& one : kept)
    if (const auto child = TableName::parse(one.table)) children_[*child].any = seconds_of(one.until);
  for (const auto& [name, child] : children_) newest_ = std::max(newest_, child.any);
}

void UncheckedChildren::begin() {
  under_way_.clear();
  renamed_.clear();
}

std::vector<TableName> UncheckedChildren::take(const binlog::RowsEvent& rows, SourceTime began,
                                               const KnownCascades& cascades) {
  std::vector<TableName> missed;
  if (rows.foreign_keys_off) {  // and nothing cascades
    if (has_after(rows.op)) take_child(rows, cascades);
    return missed;
  }
  const Seconds since = seconds_of(began);
  if (!has_before(rows.op) || newest_ < since) return missed;
  for (const auto& [child, times] : children_) {
    if (times.newest() < since) continue;
    const Meets is_newer = [&, digest = digest_of(child)](std::optional<std::uint64_t> value) {
      return !value || times.any >= since || was_written(digest_of(digest, *value), since);
    };
    bool is_missed = hangs_below(rows, child, cascades);
    cascades.for_keys_of(child,
                         [&](const CascadingKey& key) { is_missed = is_missed || cascades_by(rows, key, is_newer); });
    if (is_missed) missed.push_back(child);
  }
  return missed;
}

void UncheckedChildren::take_child(const binlog::RowsEvent& rows, const KnownCascades& cascades) {
  const TableName child{rows.table->schema, rows.table->name};
  cascades.for_keys_of(child, [&](const CascadingKey& key) {
    const KeyColumns columns(*rows.table->shape, key.columns, source_);
    Written& written = under_way_[child];
    RowChange row;
    cursor_.start(rows);
    while (cursor_.next(row)) {
      const bool refers = !columns.has_null(row.after) && (row.before.empty() || !columns.are_same(row));
      if (refers) add(written, columns.value(row.after, bytes_));
    }
    if (!cursor_.error().empty()) add(written, std::nullopt);
  });
}

void UncheckedChildren::add(Written& written, std::optional<std::uint64_t> value) {
  if (!value || written.values.size() >= kValuesMax) {
    written.is_any = true;
    written.values.clear();
  }
  if (written.is_any || (!written.values.empty() && written.values.back() == *value)) return;
  written.values.push_back(*value);
}

bool UncheckedChildren::cascades_by(const binlog::RowsEvent& rows, const CascadingKey& key, const Meets& meets) {
  if (key.tie.parent.table != rows.table->name || key.tie.parent.schema != rows.table->schema) return false;
  const bool is_update = has_after(rows.op);
  const bool is_known = !key.columns.empty();
  if (is_known && (is_update ? key.on_update : key.on_delete) == KeyAction::kNone) return false;
  const KeyColumns columns(*rows.table->shape, key.parent_columns, source_);
  RowChange row;
  cursor_.start(rows);
  while (cursor_.next(row)) {
    if (columns.has_null(row.before) || (is_update && columns.are_same(row))) continue;
    if (meets(columns.value(row.before, bytes_))) return true;
  }
  return !cursor_.error().empty();
}

bool UncheckedChildren::hangs_below(const binlog::RowsEvent& rows, const TableName& child,
                                    const KnownCascades& cascades) {
  std::set<TableName> seen;
  std::vector<TableName> parents;
  const auto climb = [&](const TableName& from) {
    cascades.for_keys_of(from, [&](const CascadingKey& key) {
      if (seen.insert(key.tie.parent).second) parents.push_back(key.tie.parent);
    });
  };
  for (climb(child); !parents.empty();) {
    const TableName parent = parents.back();
    parents.pop_back();
    bool is_changed = false;
    cascades.for_keys_of(parent, [&](const CascadingKey& key) {
      is_changed = is_changed || cascades_by(rows, key, [](std::optional<std::uint64_t>) { return true; });
    });
    if (is_changed) return true;
    climb(parent);
  }
  return false;
}

bool UncheckedChildren::was_written(std::uint64_t digest, Seconds since) const {
  return std::ranges::any_of(std::initializer_list<const Times*>{&latest_, &earlier_}, [&](const Times* values) {
    const auto found = values->find(digest);
    return found != values->end() && found->second >= since;
  });
}

void UncheckedChildren::take_statement(const binlog::Statement& statement, bool foreign_keys_off) {
  if (statement.names == binlog::Statement::Names::kMove)
    for (std::size_t i = 0; i + 1 < statement.tables.size(); i += 2)
      renamed_.emplace_back(statement.tables[i], statement.tables[i + 1]);
  if (!foreign_keys_off || std::ranges::none_of(statement.references, &binlog::Statement::Reference::cascades)) return;
  for (const TableName& table : statement.tables) add(under_way_[table], std::nullopt);
}

void UncheckedChildren::end(SourceTime committed_by) {
  const Seconds until = seconds_of(committed_by);
  for (const auto& [name, written] : under_way_) {
    if (!written.is_any && written.values.empty()) continue;
    newest_ = std::max(newest_, std::optional(until));
    Child& child = children_[name];
    if (written.is_any) child.any = std::max(child.any, std::optional(until));
    const std::uint64_t digest = digest_of(name);
    for (const std::uint64_t value : written.values) {
      if (latest_.size() >= kValuesMax) turn();
      Seconds& time = latest_.try_emplace(digest_of(digest, value), until).first->second;
      time = std::max(time, until);
      child.latest = std::max(child.latest, std::optional(time));
    }
  }
  for (const auto& [from, to] : renamed_) {
    const auto found = children_.find(from);
    if (found == children_.end()) continue;
    const std::optional<Seconds> newest = found->second.newest();  // values are kept by the old name
    children_.erase(found);
    children_[to].any = std::max(children_[to].any, newest);
  }
}

/// The earlier values go, the latest become the earlier ones.
void UncheckedChildren::turn() {
  earlier_ = std::exchange(latest_, {});
  for (auto& [name, child] : children_) {
    child.any = std::max(child.any, child.earlier);
    child.earlier = std::exchange(child.latest, std::nullopt);
  }
}

std::vector<change::UncheckedChild> UncheckedChildren::all() const {
  std::vector<change::UncheckedChild> all;
  for (const auto& [child, times] : children_)
    if (const auto newest = times.newest()) all.push_back({child.to_string(), *newest});
  if (all.size() > change::kEpochTablesMax) {
    std::ranges::nth_element(all, all.begin() + change::kEpochTablesMax, std::ranges::greater(),
                             &change::UncheckedChild::until);
    all.resize(change::kEpochTablesMax);
  }
  return all;
}

}  // namespace farshore::capture
