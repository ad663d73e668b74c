#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apply/key_map.hpp"
#include "apply/row_op.hpp"
#include "mysql/connection.hpp"
#include "store/mismatch.hpp"

namespace farshore::apply {

/// Reads rows back that were written, in the open transaction, and compares what the target made of them with what
/// their changes leave. Nobody has to know what decides the value of a generated column, nor what changes one that is
/// written: it shows. Notes nothing. One thread.
class ReadBack {
 public:
  /// A row that is not as its change leaves it.
  struct Other {
    std::size_t op = 0;  ///< index of the change
    store::Mismatch kind = store::Mismatch::kGeneratedOther;
    std::vector<std::string> columns;  ///< empty: the row is not there
  };

  /// Of changes of one table, of several of a key the last: the columns that the target generates, which apply does not
  /// write. With `whole` every column, of one row. What deletes leave is not asked, nor a row that a cascade may have
  /// changed since. Good until the next call.
  [[nodiscard]] std::expected<std::span<const Other>, mysql::SqlError> read(mysql::Connection& connection,
                                                                            std::span<const RowOp> ops, bool whole);
  /// One row, whose key is in `row`: in which columns it is another.
  [[nodiscard]] std::expected<std::optional<Other>, mysql::SqlError> compare(mysql::Connection& connection,
                                                                             const TargetTable& target,
                                                                             std::span<const Value> row);

 private:
  enum class State : std::uint8_t {
    kPassedOver,  ///< it leaves no row, or a later change of its key is there
    kUnseen,      ///< no row of this key was shown, or it cannot be told: the server has to compare
    kAsWritten,
  };
  void note_keys(std::span<const RowOp> ops);
  [[nodiscard]] std::expected<void, mysql::SqlError> look_at_generated(mysql::Connection& connection,
                                                                       std::span<const RowOp> ops);
  [[nodiscard]] std::expected<void, mysql::SqlError> add_if_other(mysql::Connection& connection,
                                                                  std::span<const RowOp> ops, std::size_t at);

  std::vector<Other> others_;
  std::vector<State> states_;  ///< reused; by change
  KeyMap keys_;                ///< reused
  std::string key_;            ///< reused
  std::string sql_;            ///< reused
  RowForm::Scratch scratch_;   ///< reused
};

}  // namespace farshore::apply
