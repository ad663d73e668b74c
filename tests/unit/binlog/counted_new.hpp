#pragma once

#include <cstddef>

namespace farshore::binlog {

/// How often this program has called operator new (counted_new.cpp replaces it).
[[nodiscard]] std::size_t allocations_so_far();

}  // namespace farshore::binlog
