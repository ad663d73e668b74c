#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/row_change.hpp"
#include "base/value.hpp"
#include "binlog/decoder.hpp"
#include "binlog/text_arena.hpp"

namespace farshore::binlog {

/// Reads the rows of a RowsEvent one by one. Reuse one cursor for all events: then reading allocates nothing (but for
/// what JSON texts need to grow to). Not thread safe.
///
/// Values (the kinds are those of `farshore.v1.Value`): integers kInt or kUint; YEAR, BIT, ENUM, SET kUint; FLOAT,
/// DOUBLE as such; strings and blobs kBytes in the column's character set, BINARY with its trailing zeros; DECIMAL,
/// temporals, JSON kText as the source prints them (TIMESTAMP in UTC).
class RowCursor {
 public:
  RowCursor() = default;
  explicit RowCursor(const RowsEvent& event) { start(event); }

  /// Begins with `event`, whose table must be captured. Event and table must stay alive while rows are read.
  void start(const RowsEvent& event);

  /// The next row, false at the end or after an error. The values live until the next call of next() or start().
  [[nodiscard]] bool next(RowChange& change);

  /// Why next() gave false: empty at the end; else a sentence that names table and column (make the stream stop).
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] bool read_image(std::vector<Value>& values);
  bool fail(std::string_view what);

  const TableMap* table_ = nullptr;
  RowChangeKind op_{};
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::vector<Value> before_;
  std::vector<Value> after_;
  TextArena arena_;
  std::string error_;
};

}  // namespace farshore::binlog
