#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "mysql/schema.hpp"

namespace farshore::apply {

/// A table as a text that is equal where same_name() holds both names to be one, and nowhere else.
[[nodiscard]] std::string folded_name(std::string_view schema, std::string_view table);

/// Those of `keys` that cascade and that a change of the rows of `tables` goes through, in their order. `tables`:
/// folded.
[[nodiscard]] std::vector<mysql::ForeignKey> keys_from(std::unordered_set<std::string> tables,
                                                       std::span<const mysql::ForeignKey> keys);

}  // namespace farshore::apply
