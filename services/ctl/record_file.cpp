#include "services/ctl/record_file.hpp"

#include <fmt/format.h>

#include "base/byte_reader.hpp"

namespace farshore::ctl {
namespace {

void append_u32(std::size_t number, std::string& out) {
  const auto raw = static_cast<std::uint32_t>(number);
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((raw >> shift) & 0xFF);
}

}  // namespace

void append_record(std::string_view header, std::string_view value, std::string& out) {
  append_u32(header.size(), out);
  append_u32(value.size(), out);
  out.append(header).append(value);
}

std::expected<std::vector<SavedRecord>, std::string> split_records(std::string_view bytes) {
  std::vector<SavedRecord> records;
  ByteReader reader(bytes);
  while (!reader.done()) {
    const std::size_t at = bytes.size() - reader.left();
    const std::uint32_t header_bytes = reader.u32();
    const std::uint32_t value_bytes = reader.u32();
    const std::string_view header = reader.bytes(header_bytes);
    const std::string_view value = reader.bytes(value_bytes);
    if (!reader.ok()) return std::unexpected(fmt::format("the record at byte {} goes beyond the end of the file", at));
    records.push_back({.header = header, .value = value});
  }
  return records;
}

}  // namespace farshore::ctl
