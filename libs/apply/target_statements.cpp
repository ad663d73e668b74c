#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/target_table.hpp"
#include "base/json_number.hpp"
#include "base/json_scalars.hpp"
#include "change/key.hpp"

// The statements of a target's table, and what their answers say.
namespace farshore::apply {
namespace {

// A text of this many bytes, and of four times the document's own, is not one that each server spells in its own way.
constexpr std::size_t kDocumentBytesMax = 16'777'216;

std::string_view document(const Value& value) {
  const bool is_text = value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText;
  return is_text ? json_text(value.bytes()) : std::string_view();
}

}  // namespace

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

/// By bytes. Not in a set that the source's column has not: of what that lacks the server may make a question mark, or
/// another character, of the stored value and of the literal alike.
bool TargetTable::append_exact_text(const BoundColumn& column, const Value& value, std::string& out) const {
  constexpr std::string_view kAny = "utf8mb4";
  const std::string_view charset = column.is_of_other_charset ? kAny : column.charset;
  out += charset == column.charset ? "CAST(" + column.name + " AS BINARY)"
                                   : fmt::format("CAST(CONVERT({} USING {}) AS BINARY)", column.name, charset);
  out += "<=>CAST(CONVERT(";
  if (!column.literal.append(value, out)) return false;
  out += fmt::format(" USING {}) AS BINARY)", charset);
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
  out += written_kept_;
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
