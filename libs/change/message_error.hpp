#pragma once

#include <cstdint>
#include <string_view>

namespace farshore::change {

/// Why the bytes of a cold message (table, watermark, epoch start, checkpoint) were refused.
enum class MessageError : std::uint8_t {
  kMalformed,    ///< not the message, or beyond a bound
  kNewerFormat,  ///< carries a field or an enum value that this program does not know
};

[[nodiscard]] constexpr std::string_view to_string(MessageError error) {
  return error == MessageError::kMalformed ? "malformed" : "of a newer format";
}

}  // namespace farshore::change
