#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "services/config/config.hpp"

/// Values with units, as the configuration writes them. Nothing: not of this form.
namespace farshore::service {

/// "64KiB": a whole number and B, KiB, MiB or GiB.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// "5ms": a whole number and ms, s, m, h or d.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "host:port", "[::1]:port"
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
/// 1 to 64 letters, digits, '-' or '_'.
[[nodiscard]] bool is_name(std::string_view text);
/// "schema.table", each part not empty.
[[nodiscard]] bool is_table_pattern(std::string_view text);

}  // namespace farshore::service
