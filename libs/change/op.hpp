#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace farshore::change {

/// What happened to a row; the numbers of farshore.v1.Op.
enum class Op : std::uint8_t { kInsert = 1, kUpdate = 2, kDelete = 3 };

[[nodiscard]] constexpr std::string_view to_string(Op op) {
  switch (op) {
    case Op::kInsert: return "insert";
    case Op::kUpdate: return "update";
    case Op::kDelete: return "delete";
  }
  return "";
}

/// There was a row before: the change has an image of it.
[[nodiscard]] constexpr bool had_row(Op op) {
  switch (op) {
    case Op::kInsert: return false;
    case Op::kUpdate:
    case Op::kDelete: return true;
  }
  return false;
}

/// There is a row afterwards: the change has an image of it.
[[nodiscard]] constexpr bool leaves_row(Op op) {
  switch (op) {
    case Op::kInsert:
    case Op::kUpdate: return true;
    case Op::kDelete: return false;
  }
  return false;
}

/// Both: of the row before it has the columns that differ.
[[nodiscard]] constexpr bool changes_row(Op op) { return had_row(op) && leaves_row(op); }

/// What makes of a row that is there, or not, one that is there, or not. Of two missing ones the DELETE that had one.
[[nodiscard]] constexpr Op op_between(bool was_there, bool is_there) {
  if (!is_there) return Op::kDelete;
  return was_there ? Op::kUpdate : Op::kInsert;
}

/// The op that has the number; nullopt: none has.
[[nodiscard]] constexpr std::optional<Op> op_of(std::uint64_t number) {
  if (number > UINT8_MAX) return std::nullopt;
  const Op op = static_cast<Op>(number);
  switch (op) {
    case Op::kInsert:
    case Op::kUpdate:
    case Op::kDelete: return op;
  }
  return std::nullopt;
}

}  // namespace farshore::change
