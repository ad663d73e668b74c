#pragma once

#include <string>
#include <string_view>

namespace farshore {

/// Appends the shortest text that reads back as `number`, in the form that MySQL chooses for it; a whole number ends
/// with ".0". False for infinities and NaN, which JSON cannot hold.
[[nodiscard]] bool append_json_double(double number, std::string& text);

/// Whether MySQL, given the text for a JSON column, would hold every number in it as what it is: as an integer of 64
/// bits or as a double. What is not JSON it refuses by itself.
[[nodiscard]] bool json_numbers_are_exact(std::string_view text);
/// Likewise, and would print every number as it stands there: what MySQL printed, and held as a DECIMAL, can read
/// "1.50".
[[nodiscard]] bool json_numbers_are_printed(std::string_view text);

}  // namespace farshore
