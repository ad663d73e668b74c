#pragma once

#include <optional>

#include "binlog/decoder.hpp"
#include "binlog/row_cursor.hpp"
#include "capture/publish/numberer.hpp"
#include "capture/publish/row_router.hpp"

namespace farshore::capture {

/// Takes the rows of binlog events to the router and the numberer: on the way of a row, the last that speaks binlog.
/// Allocates nothing for a row. Not thread safe.
class EventRows {
 public:
  /// Both outlive it.
  EventRows(RowRouter& router, Numberer& numberer) : router_(router), numberer_(numberer) {}

  /// All rows of an event of a captured table, in the transaction that the numberer has begun. Whoever is told to stop
  /// sends nothing more.
  [[nodiscard]] std::optional<RowsRefusal> add(const binlog::RowsEvent& rows);

 private:
  RowRouter& router_;
  Numberer& numberer_;
  binlog::RowCursor cursor_;
};

}  // namespace farshore::capture
