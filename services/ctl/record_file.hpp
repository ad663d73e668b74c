#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::ctl {

/// Records of a change topic in a file, as `decode --save` writes them. Each record, little-endian:
///
///   0  u32  bytes of the packed header
///   4  u32  bytes of the value
///   8  the header, then the value
struct SavedRecord {
  std::string_view header;
  std::string_view value;
};

void append_record(std::string_view header, std::string_view value, std::string& out);

/// The views point into `bytes`. An error is one sentence that says at which byte the file is not of this form.
[[nodiscard]] std::expected<std::vector<SavedRecord>, std::string> split_records(std::string_view bytes);

}  // namespace farshore::ctl
