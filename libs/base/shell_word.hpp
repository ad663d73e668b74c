#pragma once

#include <string>
#include <string_view>

namespace farshore {

/// `text` as one word of a command line that a person copies into a shell: as it is where no shell takes any of it for
/// something else, else in single quotes.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace farshore
