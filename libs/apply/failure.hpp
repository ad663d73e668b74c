#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/table_shape.hpp"
#include "mysql/sql_error.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The server refused a statement for a reason that passes: the whole transaction is to be tried again.
struct TryAgain {
  mysql::SqlError error;
  std::string schema;  ///< of the table whose statement it was, where there is one
  std::string table;
};

/// Rows are not as the changes expect: the whole transaction again, looking at each row first, see RowLook.
struct LookFirst {};

/// A row that was merged out of its order is refused: the whole transaction again, without merging the rows of tables
/// with further unique keys, see Planner.
struct KeepOrder {};

/// The target's tables or keys were changed meanwhile: the whole transaction again.
struct TargetMoved {
  std::string_view what;  ///< a literal
};

/// A right was granted since the session began, which goes without it: the whole transaction again in another one.
struct SessionIsOld {};

/// A compare-and-set was lost: the partition's progress is not as it was last read or written. Another writer has it.
struct ProgressMoved {};

/// One slice cannot go on. The others can without it.
struct SliceStops {
  std::uint32_t slice = 0;
  store::PartitionState state = store::PartitionState::kStopped;
  std::string reason;
};

/// Why a transaction with the target database was not done. A value; its thread is its owner's.
struct Failure {
  std::variant<TryAgain, LookFirst, KeepOrder, TargetMoved, SessionIsOld, ProgressMoved, SliceStops> kind;

  [[nodiscard]] static Failure again(mysql::SqlError error) {
    return {TryAgain{.error = std::move(error), .schema = {}, .table = {}}};
  }
  [[nodiscard]] static Failure of_slice(std::uint32_t slice, store::PartitionState state, std::string reason) {
    return {SliceStops{.slice = slice, .state = state, .reason = std::move(reason)}};
  }
  /// A statement of ours that no row is to blame for: the transaction is tried again where that may help, and else the
  /// slice stops.
  [[nodiscard]] static Failure of_statement(std::uint32_t slice, std::string_view what, const mysql::SqlError& error);

  /// Names the statement's table, if the transaction is tried again for the server's error.
  [[nodiscard]] Failure at(std::string_view schema, std::string_view table) &&;
  [[nodiscard]] Failure at(const TableShape& shape) && { return std::move(*this).at(shape.schema, shape.name); }

  /// The server's error, if it is what the transaction is tried again for; else nullptr.
  [[nodiscard]] const TryAgain* try_again() const { return std::get_if<TryAgain>(&kind); }
  /// The slice that stops; nullptr: the whole transaction is to be tried again.
  [[nodiscard]] const SliceStops* slice_stops() const { return std::get_if<SliceStops>(&kind); }
  /// For people.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace farshore::apply
