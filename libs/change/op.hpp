#pragma once

#include <cstdint>
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

}  // namespace farshore::change
