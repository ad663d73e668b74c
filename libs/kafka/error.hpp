#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farshore::kafka {

struct KafkaError {
  enum class Kind : std::uint8_t {
    kRetriable,         ///< the same call may work later
    kTimedOut,          ///< the deadline passed; what was asked may have happened
    kUnreachable,       ///< no broker answers
    kFatal,             ///< this client is finished: make another
    kFenced,            ///< a newer client of the same identity lives
    kTooLarge,          ///< the record is larger than the topic or the client allows
    kUnknownTopic,      ///< the topic or partition is not there
    kOffsetOutOfRange,  ///< the offset is no longer, or not yet, in the partition
    kDenied,            ///< authentication or authorisation failed
    kBadSetting,        ///< a property was refused
    kOther,
  };
  Kind kind = Kind::kOther;
  std::string message;  ///< one sentence for people

  [[nodiscard]] bool retry() const {
    return kind == Kind::kRetriable || kind == Kind::kTimedOut || kind == Kind::kUnreachable;
  }
};
[[nodiscard]] std::string_view to_string(KafkaError::Kind kind);

}  // namespace farshore::kafka
