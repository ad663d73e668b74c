#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace farshore::mysql {

/// A name as the servers give character sets; anything else comes from a batch, and is no part of a statement.
[[nodiscard]] bool is_charset_name(std::string_view name);
/// Text of the character set is utf8mb4, as sessions speak it.
[[nodiscard]] bool is_part_of_utf8mb4(std::string_view charset);

/// Text of one of the servers' character sets, as UTF-8. Nothing: the set has no converter here, or a byte no character
/// in it. Not for rows: it opens a converter each time.
[[nodiscard]] std::optional<std::string> utf8_text(std::string_view text, std::string_view charset);

}  // namespace farshore::mysql
