#pragma once

#include <string>

#include "change/batch_reader.hpp"

namespace farshore::change {

/// Appends a batch for people: a JSON object a line, one for each change, and one for a watermark or an epoch start.
/// Columns by name. Text that is UTF-8 is a string, other bytes and binary columns are {"hex": ...}; ENUM and SET are
/// their labels; DECIMAL and temporals are strings.
void append_json_lines(const Batch& batch, std::string& out);

}  // namespace farshore::change
