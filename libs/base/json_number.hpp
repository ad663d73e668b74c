#pragma once

#include <string>
#include <string_view>

namespace farshore {

/// Appends the shortest text that reads back as `number`, in the form that MySQL chooses for it; a whole number ends
/// with ".0". False for infinities and NaN, which JSON cannot hold.
[[nodiscard]] bool append_json_double(double number, std::string& text);

/// Whether MySQL, given the text for a JSON column, would hold all that it says: every number as an integer of 64 bits
/// or as the double that it reads as, and no name twice in an object, of which MySQL keeps the last and MariaDB reads
/// the first. False also for what is not JSON.
[[nodiscard]] bool json_is_held_exactly(std::string_view text);

/// Whether both texts are the same document: names in any order, numbers by their value. False for different texts of
/// which one is no JSON.
[[nodiscard]] bool is_same_json(std::string_view a, std::string_view b);

}  // namespace farshore
