#pragma once

#include <string>
#include <string_view>

namespace farshore::mysql {

/// Appends an expression of MySQL that gives the document of `value` (base/json_scalars.hpp), with the type of each
/// scalar in it: what its text does not tell is put in by JSON_REPLACE. Null, or why there is no such expression, for
/// people; then nothing is appended.
[[nodiscard]] const char* append_json_literal(std::string_view value, std::string& out);

}  // namespace farshore::mysql
