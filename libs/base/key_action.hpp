#pragma once

#include <cstdint>

namespace farshore {

/// What a foreign key does to the child's rows when the parent changes; the numbers are those of the formats.
enum class KeyAction : std::uint8_t {
  kNone = 0,  ///< RESTRICT, NO ACTION
  kCascade = 1,
  kSetNull = 2,
  kSetDefault = 3,
};

}  // namespace farshore
