#pragma once

#include <string>
#include <string_view>

namespace farshore::binlog {

/// Appends MySQL's binary JSON as the text that MySQL prints: `{"a": 1, "b": [1, 2]}`, and behind it the scalars whose
/// type the text does not tell (base/json_scalars.hpp). False when the bytes are no
/// such document, are nested deeper than 100, or would print far beyond their size (parts that refer to one another);
/// `text` then holds a part.
[[nodiscard]] bool append_json_text(std::string_view binary, std::string& text);

}  // namespace farshore::binlog
