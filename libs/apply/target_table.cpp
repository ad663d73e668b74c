#include "apply/target_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "apply/cascade_reach.hpp"
#include "change/key.hpp"

namespace farshore::apply {
namespace {

using mysql::same_name;

// A further unique key can clash only if it does not hold the whole primary key.
bool key_may_clash(const mysql::UniqueKey& key, const std::vector<std::string>& primary) {
  return key.has_prefix || !std::ranges::all_of(primary, [&](const std::string& column) {
           return std::ranges::any_of(key.columns,
                                      [&](const std::string& candidate) { return same_name(candidate, column); });
         });
}

// An expression that gives a column's value as the text of a literal, which reads back as the same value.
std::string literal_of(const mysql::ColumnSchema& column, const std::string& name) {
  static constexpr std::array<std::string_view, 16> kBytes{
      "binary",        "varbinary",  "tinyblob",        "blob",         "mediumblob",
      "longblob",      "vector",     "geometry",        "point",        "linestring",
      "polygon",       "multipoint", "multilinestring", "multipolygon", "geometrycollection",
      "geomcollection"};
  const auto or_null = [&](const std::string& text) { return fmt::format("IF({} IS NULL,'NULL',{})", name, text); };
  // Quotes inside of an SQL text are doubled: x'0A0B'.
  const auto hex = [&](const std::string& introducer) {
    return or_null(fmt::format("CONCAT('{}x''',HEX({}),'''')", introducer, name));
  };
  if (!column.charset.empty()) return hex("_" + column.charset + " ");
  if (std::ranges::find(kBytes, column.data_type) != kBytes.end()) return hex("");
  if (column.data_type == "json") return fmt::format("QUOTE(CAST({} AS CHAR))", name);
  if (column.data_type == "bit") return or_null(fmt::format("CONCAT({}+0)", name));
  if (column.data_type == "float" || column.data_type == "double") return or_null(fmt::format("CONCAT({}+0e0)", name));
  return fmt::format("QUOTE({})", name);
}

// Two of the source's keys may share a beginning, where the target's key has a prefix.
WritePath path_of(const mysql::TableSchema& target, bool has_bytewise_key) {
  const bool clashes =
      target.primary_key_has_prefix || std::ranges::any_of(target.unique_keys, [&](const mysql::UniqueKey& key) {
        return key_may_clash(key, target.primary_key);
      });
  if (clashes) return WritePath::kCareful;
  return has_bytewise_key ? WritePath::kCoalesced : WritePath::kOrdered;
}

}  // namespace

std::expected<TargetTable, std::string> TargetTable::bind(std::shared_ptr<const change::ChangeTable> source,
                                                          ServerKind source_kind, const TargetPlace& place,
                                                          change::MergeRule merge, change::OnMismatch on_mismatch,
                                                          BoundFor use) {
  const TableShape& shape = source->shape;
  const mysql::TableSchema& target = place.table;
  const TableFit fit = judge(
      {.shape = shape, .kind = source_kind, .repeats_cascades = source->repeats_cascades, .ties = source->ties}, place);
  const bool only_compares = use == BoundFor::kComparing;
  if (only_compares ? !fit.finds_rows : !fit.waits.empty()) {
    return std::unexpected(fmt::format("table {}: {}", shape.full_name(), fmt::join(fit.waits, "; ")));
  }

  TargetTable table;
  table.merge_ = merge_traits(merge);
  table.on_mismatch_ = on_mismatch;
  table.schema_ = target.schema;
  table.name_ = target.name;
  mysql::append_table_name(target.schema, target.name, table.quoted_);
  table.source_ = std::move(source);
  std::vector<std::uint32_t> bound(shape.columns.size(), UINT32_MAX);
  for (std::uint32_t i = 0; i < shape.columns.size(); ++i) {
    const Column& column = shape.columns[i];
    const mysql::ColumnSchema* const there = target.find(column.name);
    if (only_compares) {
      const bool is_of_key = std::ranges::find(shape.key, i) != shape.key.end();
      if (there == nullptr || (!is_of_key && silent_loss(column, *there))) continue;
    }
    if (!there->generated) bound[i] = static_cast<std::uint32_t>(table.columns_.size());
    std::vector<BoundColumn>& columns = there->generated ? table.generated_ : table.columns_;
    columns.push_back(bind_column(shape, i, *there, source_kind));
    columns.back().is_loose = there->generated && silent_loss(column, *there).has_value();
  }
  const auto show = [&](const BoundColumn& column, RowForm& form) {
    const Column& ours = shape.columns[column.source];
    form.add(column.source, column.name, mysql::CellForm(ours, *target.find(ours.name)));
  };
  for (const std::vector<BoundColumn>* const columns : {&table.columns_, &table.generated_})
    for (const BoundColumn& column : *columns) show(column, table.shown_);
  bool bytewise = true;
  for (const std::uint32_t index : shape.key) {
    table.key_.push_back(bound[index]);
    bytewise &= table.columns_[bound[index]].is_bytewise;
  }
  table.shown_.set_key(table.key_);
  for (const std::uint32_t index : table.key_) show(table.columns_[index], table.shown_generated_);
  for (const BoundColumn& column : table.generated_) show(column, table.shown_generated_);
  std::vector<std::uint32_t> first(table.key_.size());
  std::iota(first.begin(), first.end(), 0);
  table.shown_generated_.set_key(std::move(first));
  table.has_bytewise_key_ = bytewise && !target.primary_key_has_prefix;
  table.path_ = path_of(target, bytewise);
  table.note_own_columns(target);
  table.make_statements();
  table.note_unique_keys(target);
  const auto clashing = std::ranges::count_if(
      target.unique_keys, [&](const mysql::UniqueKey& key) { return key_may_clash(key, target.primary_key); });
  table.is_free_but_for_values_ = may_clash(table.path_) && joins_changes(table.merge_.combine) &&
                                  table.has_bytewise_key_ && std::cmp_equal(clashing, table.unique_keys_.size());
  table.note_cascades(place);
  return table;
}

TargetTable::BoundColumn TargetTable::bind_column(const TableShape& shape, std::uint32_t index,
                                                  const mysql::ColumnSchema& there, ServerKind source_kind) {
  const Column& column = shape.columns[index];
  const bool is_characters = family_of(column.type) == TypeFamily::kString;
  const bool source_pads = is_characters && find_collation(source_kind, column.collation).pads;
  return {.source = index,
          .name = mysql::quote_identifier(there.name),
          .literal = mysql::LiteralWriter(column, &there, std::ranges::find(shape.key, index) != shape.key.end()),
          .is_text = !there.charset.empty(),
          .is_binary = column.charset == "binary",
          .is_json = there.data_type == "json",
          .is_timestamp = there.data_type == "timestamp",
          .is_datetime = there.data_type == "datetime",
          .is_bytewise = change::column_is_bytewise(column, source_kind) && collation_is_bytewise(there.collation) &&
                         (!is_characters || source_pads == collation_pads(there.collation)),
          .pads = source_pads,
          .charset = there.charset,
          .is_of_other_charset = !there.charset.empty() && there.charset != column.charset};
}

std::optional<std::uint32_t> TargetTable::column_named(const std::string& name) const {
  const std::string quoted = mysql::quote_identifier(name);
  const auto found =
      std::ranges::find_if(columns_, [&](const BoundColumn& column) { return same_name(column.name, quoted); });
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - columns_.begin());
}

void TargetTable::note_cascades(const TargetPlace& target) {
  cascades_to_itself_ = std::ranges::any_of(
      keys_from({folded_name(schema_, name_)}, target.keys),
      [&](const mysql::ForeignKey& key) { return same_name(key.schema, schema_) && same_name(key.table, name_); });
  for (const mysql::ForeignKey& key : target.keys) {
    if (!key.cascades()) continue;
    is_cascading_parent_ |= same_name(key.parent_schema, schema_) && same_name(key.parent_table, name_);
    if (!same_name(key.schema, schema_) || !same_name(key.table, name_)) continue;
    ParentKey parent;
    mysql::append_table_name(key.parent_schema, key.parent_table, parent.parent);
    for (const std::string& name : key.columns) {
      if (const auto column = column_named(name)) parent.columns.push_back(*column);
    }
    for (const std::string& name : key.parent_columns) parent.names.push_back(mysql::quote_identifier(name));
    // What the source does not give is its table's own business here.
    if (parent.columns.size() == parent.names.size()) parent_keys_.push_back(std::move(parent));
  }
}

void TargetTable::note_unique_keys(const mysql::TableSchema& target) {
  for (const mysql::UniqueKey& key : target.unique_keys) {
    if (!key_may_clash(key, target.primary_key)) continue;
    std::vector<std::uint32_t> columns;
    for (const std::string& name : key.columns) {
      const auto column = column_named(name);
      if (!column) continue;
      columns.push_back(*column);
      unique_columns_.push_back(columns_[*column].source);
    }
    if (!key.has_prefix && columns.size() == key.columns.size()) unique_keys_.push_back(std::move(columns));
  }
  std::ranges::sort(unique_columns_);
  const auto twice = std::ranges::unique(unique_columns_);
  unique_columns_.erase(twice.begin(), twice.end());
}

void TargetTable::note_own_columns(const mysql::TableSchema& target) {
  for (const mysql::ColumnSchema& column : target.columns) {
    const bool is_of_source = std::ranges::any_of(
        source_->shape.columns, [&](const Column& ours) { return same_name(ours.name, column.name); });
    if (column.generated) continue;
    const std::string name = mysql::quote_identifier(column.name);
    if (column.updates_itself) (is_of_source ? written_kept_ : own_kept_) += "," + name + "=" + name;
    if (!is_of_source) own_columns_.push_back({.name = name, .literal = literal_of(column, name)});
  }
}

void TargetTable::make_statements() {
  insert_head_ = "INSERT INTO " + quoted_ + " (";
  const bool careful = may_clash(path_);
  const std::string& first = columns_[key_[0]].name;
  // The row that an upsert finds may be another one, where a further unique key holds it: then the statement fails as a
  // whole. Assigned first, before anything has changed. No value of a type would do: into an AUTO_INCREMENT column NULL
  // goes as 0, and into a TIMESTAMP as the present time.
  const std::string never = "(SELECT 1 UNION SELECT 2)";
  std::string assigned = careful ? "," + first + "=IF(" + same_key() + ",VALUES(" + first + ")," + never + ")" : "";
  for (std::uint32_t i = 0; i < columns_.size(); ++i) {
    const BoundColumn& column = columns_[i];
    insert_head_ += (i == 0 ? "" : ",") + column.name;
    // A key column whose equality is equality of bytes is what it was. Another's spelling may change, and one that is
    // left out may have ON UPDATE CURRENT_TIMESTAMP here.
    const bool stays = column.is_bytewise && !column.pads && !column.is_timestamp && !column.is_datetime &&
                       std::ranges::find(key_, i) != key_.end();
    if (!stays && !(careful && i == key_[0])) assigned += "," + column.name + "=VALUES(" + column.name + ")";
  }
  if (assigned.empty()) assigned = "," + first + "=VALUES(" + first + ")";
  upsert_tail_ = " ON DUPLICATE KEY UPDATE " + assigned.substr(1) + own_kept_;
  insert_head_ += ") VALUES ";
  // The optimizer must not think of a scan, which would lock rows of other partitions.
  // MySQL takes an alias in place of the first name only where the session has a schema of its own.
  delete_head_ = "DELETE " + quoted_ + " FROM " + quoted_ + " FORCE INDEX (PRIMARY) WHERE ";
  delete_by_list_ = key_.size() == 1 && columns_[key_[0]].is_bytewise;
  const auto look = [&](const RowForm& form) {
    return "SELECT " + form.expressions() + " FROM " + quoted_ + " FORCE INDEX (PRIMARY) WHERE ";
  };
  look_head_ = look(shown_);
  look_generated_head_ = look(shown_generated_);
  if (!delete_by_list_) return;
  for (std::string* const head : {&delete_head_, &look_head_, &look_generated_head_})
    *head += columns_[key_[0]].name + " IN (";
}

}  // namespace farshore::apply
