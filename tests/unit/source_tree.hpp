#pragma once

#include <string>
#include <string_view>

namespace farshore::test {

/// The path of a file of this checkout; `relative` is from its top. One source file knows where that is, so that a
/// compiler cache serves the tests of every checkout.
[[nodiscard]] std::string source_path(std::string_view relative);

/// All of that file. The test fails if it is missing.
[[nodiscard]] std::string content_of(std::string_view relative);

}  // namespace farshore::test
