#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

#include "base/gtid.hpp"

namespace farshore {

/// "0-1-100"_position
inline OriginPosition operator""_position(const char* text, std::size_t size) {
  return OriginPosition::parse(std::string_view(text, size)).value();
}
/// "0-1-23"_gtid
inline Gtid operator""_gtid(const char* text, std::size_t size) {
  return Gtid::parse(std::string_view(text, size)).value();
}
/// Shown where an expectation is not met.
inline void PrintTo(const OriginPosition& position, std::ostream* out) { *out << position.to_string(); }
inline void PrintTo(const Gtid& gtid, std::ostream* out) { *out << gtid.to_string(); }

}  // namespace farshore
