#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace farshore::mysql {

/// Text of one of the servers' character sets, as UTF-8. Nothing: the set has no converter here, or a byte no character
/// in it. Not for rows: it opens a converter each time.
[[nodiscard]] std::optional<std::string> utf8_text(std::string_view text, std::string_view charset);

}  // namespace farshore::mysql
