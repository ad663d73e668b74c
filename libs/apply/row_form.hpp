#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.hpp"
#include "mysql/cell_form.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// The rows that a query shows of a target's table, and the rows of changes, in one form: so many rows are looked at by
/// one query. Filled once, then const.
class RowForm {
 public:
  /// Buffers to use again.
  struct Scratch {
    std::string of_value;
    std::string of_cell;
  };
  /// A column that a source's column goes to. `name`: quoted.
  void add(std::uint32_t source, std::string_view name, const mysql::CellForm& form);
  /// Indexes of the columns added, in the key's order.
  void set_key(std::vector<std::uint32_t> key) { key_ = std::move(key); }

  /// Columns of a row that is shown.
  [[nodiscard]] std::size_t size() const { return columns_.size(); }
  /// What is selected.
  [[nodiscard]] const std::string& expressions() const { return expressions_; }
  /// Appends the key's bytes, which are equal only for equal keys. False: there is no form for one of its values.
  [[nodiscard]] bool append_key(std::span<const Value> row, std::string& out, Scratch& scratch) const;
  void append_key(std::span<const mysql::Rows::Field> shown, std::string& out, Scratch& scratch) const;
  /// Whether the row that is shown holds these values, in every column. False, too, where it cannot be told here.
  [[nodiscard]] bool is_shown(std::span<const Value> row, std::span<const mysql::Rows::Field> shown,
                              Scratch& scratch) const;

 private:
  struct ShownColumn {
    std::uint32_t source = 0;  ///< index in the source's row
    mysql::CellForm form;
  };
  std::vector<ShownColumn> columns_;
  std::vector<std::uint32_t> key_;
  std::string expressions_;
};

}  // namespace farshore::apply
