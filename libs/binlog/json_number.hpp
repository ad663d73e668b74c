#pragma once

#include <string>

namespace farshore::binlog {

/// Appends the shortest text that reads back as `number`, in the form that MySQL chooses for it; a whole number ends
/// with ".0". False for infinities and NaN, which JSON cannot hold.
[[nodiscard]] bool append_json_double(double number, std::string& text);

}  // namespace farshore::binlog
