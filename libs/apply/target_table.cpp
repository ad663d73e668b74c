#include "apply/target_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/json_number.hpp"
#include "base/json_scalars.hpp"
#include "change/key.hpp"

namespace farshore::apply {
namespace {

using mysql::same_name;

// A text of this many bytes, and of four times the document's own, is not one that each server spells in its own way.
constexpr std::size_t kDocumentBytesMax = 16'777'216;

// A further unique key can clash only if it does not hold the whole primary key.
bool key_may_clash(const mysql::UniqueKey& key, const std::vector<std::string>& primary) {
  return key.has_prefix || !std::ranges::all_of(primary, [&](const std::string& column) {
           return std::ranges::any_of(key.columns,
                                      [&](const std::string& candidate) { return same_name(candidate, column); });
         });
}

std::string_view document(const Value& value) {
  const bool is_text = value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText;
  return is_text ? json_text(value.bytes()) : std::string_view();
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
          .charset = there.charset};
}

std::optional<std::uint32_t> TargetTable::column_named(const std::string& name) const {
  const std::string quoted = mysql::quote_identifier(name);
  const auto found =
      std::ranges::find_if(columns_, [&](const BoundColumn& column) { return same_name(column.name, quoted); });
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - columns_.begin());
}

void TargetTable::note_cascades(const TargetPlace& target) {
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
    if (is_of_source || column.generated) continue;
    const std::string name = mysql::quote_identifier(column.name);
    own_columns_.push_back({.name = name, .literal = literal_of(column, name)});
    if (column.updates_itself) own_kept_ += "," + name + "=" + name;
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

std::string TargetTable::same_key() const {
  std::string out;
  for (const std::uint32_t index : key_) {
    const std::string& name = columns_[index].name;
    out += (out.empty() ? "" : " AND ") + name + "<=>VALUES(" + name + ")";
  }
  return out;
}

void TargetTable::append_key(std::span<const Value> row, std::string& out) const {
  const TableShape& shape = source_->shape;
  for (const std::uint32_t index : key_) {
    const BoundColumn& column = columns_[index];
    change::append_canonical(row[column.source], shape.columns[column.source], column.is_bytewise && column.pads, out);
  }
}

bool TargetTable::append_unique(std::size_t index, std::span<const Value> row, std::string& out) const {
  for (const std::uint32_t column : unique_keys_[index]) {
    const Value& value = row[columns_[column].source];
    if (value.is_null()) return false;
    change::append_canonical(value, source_->shape.columns[columns_[column].source], true, out);
  }
  return true;
}

bool TargetTable::keeps_key(const change::ChangeView& change) const {
  if (!change::changes_row(change.op)) return true;
  return std::ranges::none_of(key_, [&](std::uint32_t index) {
    return std::ranges::binary_search(change.before_columns, columns_[index].source);
  });
}

bool TargetTable::append_row(std::span<const Value> row, std::string& out) const {
  out.push_back('(');
  bool first = true;
  for (const BoundColumn& column : columns_) {
    if (!first) out.push_back(',');
    first = false;
    if (!column.literal.append_stored(row[column.source], out)) return false;
  }
  out.push_back(')');
  return true;
}

std::string TargetTable::unfit(std::span<const Value> row) const {
  std::string out;
  for (const BoundColumn& column : columns_) {
    if (column.literal.append(row[column.source], out)) continue;
    return fmt::format("column {}: {}", column.name, column.literal.demand(row[column.source]));
  }
  return "a value does not belong to its column";
}

bool TargetTable::append_delete_key(std::span<const Value> row, std::string& out) const {
  return append_listed_key(row, true, out);
}

bool TargetTable::append_look_key(std::span<const Value> row, std::string& out) const {
  return append_listed_key(row, false, out);
}

bool TargetTable::append_listed_key(std::span<const Value> row, bool exact, std::string& out) const {
  if (delete_by_list_) {
    const BoundColumn& column = columns_[key_[0]];
    return column.literal.append(row[column.source], out);
  }
  out.push_back('(');
  const bool good = append_key_condition(row, exact, out);
  out.push_back(')');
  return good;
}

bool TargetTable::append_delete_one(std::span<const Value> row, std::string& out) const {
  out += "DELETE FROM ";
  out += quoted_;
  out += " WHERE ";
  return append_key_condition(row, true, out);
}

bool TargetTable::append_key_condition(std::span<const Value> row, bool exact, std::string& out) const {
  bool first = true;
  for (const std::uint32_t index : key_) {
    const BoundColumn& column = columns_[index];
    if (!first) out += " AND ";
    first = false;
    out += column.name;
    out.push_back('=');
    if (!column.literal.append(row[column.source], out)) return false;
    if (!exact || column.is_bytewise || !column.is_text) continue;
    out += " AND ";
    if (!append_exact_text(column, row[column.source], out)) return false;
  }
  return true;
}

bool TargetTable::append_exact_text(const BoundColumn& column, const Value& value, std::string& out) const {
  out += "CAST(" + column.name + " AS BINARY)<=>CAST(CONVERT(";
  if (!column.literal.append(value, out)) return false;
  out += " USING " + column.charset + ") AS BINARY)";
  return true;
}

bool TargetTable::append_update(std::span<const Value> row, std::span<const Value> key_row, std::string& out) const {
  out += "UPDATE ";
  out += quoted_;
  out += " SET ";
  bool first = true;
  for (const BoundColumn& column : columns_) {
    if (!first) out.push_back(',');
    first = false;
    out += column.name;
    out.push_back('=');
    if (!column.literal.append_stored(row[column.source], out)) return false;
  }
  out += own_kept_;
  out += " WHERE ";
  return append_key_condition(key_row, false, out);
}

bool TargetTable::append_compare(std::span<const Value> row, Written written, std::string& out) const {
  const bool by_anybody = written == Written::kByAnybody;
  std::string documents;
  out += "SELECT 1";
  for (std::size_t i = 0; i < columns_.size() + (by_anybody ? generated_.size() : 0); ++i) {
    const BoundColumn& column = i < columns_.size() ? columns_[i] : generated_[i - columns_.size()];
    const Value& value = row[column.source];
    if (by_anybody && is_spelled(column)) {
      documents += ",";
      append_document(column, value, documents);
      continue;
    }
    out += " AND ";
    if (!append_equal(column, value, out)) return false;
  }
  out += documents;
  out += " FROM ";
  out += quoted_;
  out += " WHERE ";
  return append_key_condition(row, false, out);
}

bool TargetTable::append_equal(const BoundColumn& column, const Value& value, std::string& out) const {
  if (column.is_loose && !value.is_null()) {
    out.push_back('0');
    return true;
  }
  if (column.is_text && !column.is_json) return append_exact_text(column, value, out);
  out += column.name + (column.is_json ? "<=>CAST(" : "<=>");
  if (!column.literal.append(value, out)) return false;
  if (column.is_json) out += " AS JSON)";
  return true;
}

// Another text than the document's: an empty one stands for a document of no bytes, which there is not.
void TargetTable::append_document(const BoundColumn& column, const Value& value, std::string& out) const {
  const std::size_t bytes_max = std::max(kDocumentBytesMax, 4 * document(value).size());
  out += fmt::format("IF(OCTET_LENGTH({0})>{1},'',{0})", column.name, bytes_max);
}

bool TargetTable::append_compare_each(std::span<const Value> row, std::string& out) const {
  std::string separator = "SELECT ";
  for (const std::vector<BoundColumn>* const columns : {&columns_, &generated_}) {
    for (const BoundColumn& column : *columns) {
      const Value& value = row[column.source];
      out += std::exchange(separator, ",");
      if (is_spelled(column)) {
        append_document(column, value, out);
        continue;
      }
      const std::size_t before = out.size();
      if (append_equal(column, value, out)) continue;
      if (columns == &columns_) return false;
      out.resize(before);
      out.push_back('0');  // no value of the column here, so it has another one
    }
  }
  out += " FROM " + quoted_ + " WHERE ";
  return append_key_condition(row, false, out);
}

TargetTable::Differing TargetTable::differing(std::span<const Value> row,
                                              std::span<const mysql::Rows::Field> cells) const {
  Differing out;
  std::size_t next = 0;
  for (const std::vector<BoundColumn>* const columns : {&columns_, &generated_}) {
    for (const BoundColumn& column : *columns) {
      const mysql::Rows::Field cell = next < cells.size() ? cells[next++] : std::nullopt;
      const bool is_equal = is_spelled(column) ? is_document(row[column.source], cell) : cell == "1";
      if (is_equal) continue;
      (columns == &columns_ ? out.written : out.generated).push_back(source_->shape.columns[column.source].name);
    }
  }
  return out;
}

bool TargetTable::is_spelled(const BoundColumn& column) const {
  return source_->shape.columns[column.source].type == ColumnType::kJson && !column.is_json;
}

bool TargetTable::has_documents(std::span<const Value> row, std::span<const mysql::Rows::Field> documents) const {
  std::size_t next = 0;
  for (const std::vector<BoundColumn>* const columns : {&columns_, &generated_}) {
    for (const BoundColumn& column : *columns) {
      if (!is_spelled(column)) continue;
      if (next == documents.size()) return false;
      if (!is_document(row[column.source], documents[next++])) return false;
    }
  }
  return true;
}

bool TargetTable::is_document(const Value& value, const mysql::Rows::Field& cell) {
  if (value.is_null() || !cell) return value.is_null() && !cell;
  return !cell->empty() && is_same_json(document(value), *cell);
}

void TargetTable::append_object(std::string& out) const {
  out += "JSON_OBJECT(";
  bool first = true;
  for (const std::vector<BoundColumn>* const columns : {&columns_, &generated_}) {
    for (const BoundColumn& column : *columns) {
      if (!first) out.push_back(',');
      first = false;
      // The name without its backticks, and bytes as hexadecimal digits.
      mysql::append_text_literal(source_->shape.columns[column.source].name, out);
      out += column.is_binary ? ",HEX(" + column.name + ")" : "," + column.name;
    }
  }
  out.push_back(')');
}

bool TargetTable::append_image(std::span<const Value> key_row, std::string& out) const {
  out += "SELECT ";
  append_object(out);
  out += " FROM ";
  out += quoted_;
  out += " WHERE ";
  return append_key_condition(key_row, false, out);
}

bool TargetTable::append_own_assignments(std::span<const Value> key_row, std::string& out) const {
  out += "SELECT CONCAT(";
  for (std::size_t i = 0; i < own_columns_.size(); ++i) {
    if (i > 0) out.push_back(',');
    mysql::append_text_literal((i == 0 ? "" : ",") + own_columns_[i].name + "=", out);
    out += "," + own_columns_[i].literal;
  }
  out += ") FROM " + quoted_ + " WHERE ";
  return append_key_condition(key_row, false, out);
}

bool TargetTable::append_own_update(std::string_view assignments, std::span<const Value> key_row,
                                    std::string& out) const {
  out += "UPDATE " + quoted_ + " SET ";
  out += assignments;
  out += " WHERE ";
  return append_key_condition(key_row, false, out);
}

bool TargetTable::append_rival_condition(std::span<const Value> row, std::string& out) const {
  out.push_back('(');
  bool first = true;
  for (const auto& key : unique_keys_) {
    if (!first) out += " OR ";
    first = false;
    out.push_back('(');
    for (std::size_t i = 0; i < key.size(); ++i) {
      const BoundColumn& column = columns_[key[i]];
      if (i > 0) out += " AND ";
      out += column.name + "=";
      if (!column.literal.append(row[column.source], out)) return false;
    }
    out.push_back(')');
  }
  out += ") AND NOT (";
  const bool good = append_key_condition(row, false, out);
  out.push_back(')');
  return good;
}

bool TargetTable::append_rivals(std::span<const Value> row, std::size_t limit, std::string& out) const {
  if (unique_keys_.empty()) return true;
  out += "SELECT ";
  append_object(out);
  out += " FROM " + quoted_ + " WHERE ";
  const bool good = append_rival_condition(row, out);
  out += " ORDER BY ";
  for (std::size_t i = 0; i < key_.size(); ++i) out += (i == 0 ? "" : ",") + columns_[key_[i]].name;
  fmt::format_to(std::back_inserter(out), " LIMIT {}", limit);
  return good;
}

bool TargetTable::append_missing_parents(std::span<const Value> row, std::string& out) const {
  std::string condition;
  for (const ParentKey& key : parent_keys_) {
    if (std::ranges::any_of(key.columns, [&](std::uint32_t i) { return row[columns_[i].source].is_null(); })) continue;
    condition += (condition.empty() ? "" : " OR ") + ("NOT EXISTS (SELECT 1 FROM " + key.parent + " WHERE ");
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
      const BoundColumn& column = columns_[key.columns[i]];
      condition += (i == 0 ? "" : " AND ") + key.names[i] + "=";
      if (!column.literal.append(row[column.source], condition)) return false;
    }
    condition += ")";
  }
  if (!condition.empty()) out += "SELECT 1 FROM DUAL WHERE " + condition;
  return true;
}

bool TargetTable::append_delete_rivals(std::span<const Value> row, std::string& out) const {
  if (unique_keys_.empty()) return true;
  out += "DELETE FROM " + quoted_ + " WHERE ";
  return append_rival_condition(row, out);
}

}  // namespace farshore::apply
