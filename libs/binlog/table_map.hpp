#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/table_shape.hpp"
#include "base/value.hpp"

namespace farshore::binlog {

class TextArena;
struct ColumnPlan;

/// Reads one value at `at`, which is below or at `end`. Gives the place after it, or null when the bytes are not such
/// a value. The value views the row image or `arena`.
using ColumnDecoder = const char* (*)(const ColumnPlan& plan, const char* at, const char* end, TextArena& arena,
                                      Value& value);

/// How to read one column of a row image: found once for each table, used for each row.
struct ColumnPlan {
  ColumnDecoder decode = nullptr;
  std::uint32_t size = 0;  ///< meaning by decoder: bytes of the number, of the length prefix, of the padded value ...
  std::uint16_t precision = 0;
  std::uint16_t scale = 0;
};

/// What a TABLE_MAP event says. Does not change once made.
struct TableMap {
  std::string schema;
  std::string name;
  std::string definition;  ///< the event's body behind the table id and two bytes of flags
  bool captured = false;   ///< passed the decoder's filter; else nothing below is filled
  /// Why rows of it cannot be read (the decoder stops at them); empty: they can.
  std::string problem;
  /// Grows with every distinct content that this decoder meets, from 1: equal ids are equal shapes.
  std::uint64_t shape_id = 0;
  std::shared_ptr<const TableShape> shape;
  /// Columns of which the primary key takes only a prefix: equal keys do not mean that these are equal.
  std::vector<std::uint32_t> prefix_columns;
  std::vector<ColumnPlan> plan;  ///< one for each column
};

}  // namespace farshore::binlog
