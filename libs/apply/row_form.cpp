#include "apply/row_form.hpp"

namespace farshore::apply {
namespace {

// Its length before it: so no two keys of several columns are the same bytes.
void append_part(std::string_view text, std::string& out) {
  const auto size = static_cast<std::uint32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += text;
}

}  // namespace

void RowForm::add(std::uint32_t source, std::string_view name, const mysql::CellForm& form) {
  expressions_ += (columns_.empty() ? "" : ",") + form.expression(name);
  columns_.push_back({.source = source, .form = form});
}

bool RowForm::append_key(std::span<const Value> row, std::string& out, Scratch& scratch) const {
  for (const std::uint32_t index : key_) {
    const ShownColumn& column = columns_[index];
    const Value& value = row[column.source];
    const auto form = value.is_null() ? std::nullopt : column.form.of_value(value, scratch.of_value);
    if (!form) return false;
    append_part(*form, out);
  }
  return true;
}

void RowForm::append_key(std::span<const mysql::Rows::Field> shown, std::string& out, Scratch& scratch) const {
  for (const std::uint32_t index : key_) {
    if (shown[index]) append_part(columns_[index].form.of_cell(*shown[index], scratch.of_cell), out);
  }
}

bool RowForm::is_shown(std::span<const Value> row, std::span<const mysql::Rows::Field> shown, Scratch& scratch) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Value& value = row[columns_[i].source];
    const mysql::Rows::Field& cell = shown[i];
    if (value.is_null() != !cell) return false;
    if (!cell) continue;
    const auto form = columns_[i].form.of_value(value, scratch.of_value);
    if (!form || *form != columns_[i].form.of_cell(*cell, scratch.of_cell)) return false;
  }
  return true;
}

}  // namespace farshore::apply
