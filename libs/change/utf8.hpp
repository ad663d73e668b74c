#pragma once

#include <string_view>

namespace farshore::change {

/// Source: RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace farshore::change
