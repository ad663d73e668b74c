#pragma once

#include <span>

#include "base/value.hpp"

namespace farshore {

/// One changed row: a value for every column. Insert: only `after`. Delete: only `before`. Update: both.
struct RowChange {
  std::span<const Value> before;
  std::span<const Value> after;
};

}  // namespace farshore
