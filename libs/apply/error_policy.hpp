#pragma once

#include <cstdint>
#include <string>

#include "mysql/sql_error.hpp"

namespace farshore::apply {

/// What a failed statement means for the change that it carried.
enum class Action : std::uint8_t {
  kRetry,  ///< nothing is wrong with the change: roll back, look again at what is applied, and write the work set again
  kWait,   ///< the target's schema does not fit: the partition waits, and goes on by itself
  kPark,   ///< the row cannot be applied now: keep it, and go on
  kStop,   ///< the partition stops, and is tried again from time to time
};

[[nodiscard]] constexpr Action action_for(mysql::SqlErrorKind kind) {
  switch (kind) {
    case mysql::SqlErrorKind::kConnectionLost:
    case mysql::SqlErrorKind::kUnreachable:
    case mysql::SqlErrorKind::kDeadlock:
    case mysql::SqlErrorKind::kLockWait:
    case mysql::SqlErrorKind::kReadOnly:
    case mysql::SqlErrorKind::kDiskFull: return Action::kRetry;
    case mysql::SqlErrorKind::kMissingTable:
    case mysql::SqlErrorKind::kMissingColumn:
    case mysql::SqlErrorKind::kTooNarrow: return Action::kWait;
    case mysql::SqlErrorKind::kDuplicate:
    case mysql::SqlErrorKind::kRefused: return Action::kPark;
    case mysql::SqlErrorKind::kAccessDenied:
    case mysql::SqlErrorKind::kTls:
    case mysql::SqlErrorKind::kPacketTooLarge:
    case mysql::SqlErrorKind::kOther: return Action::kStop;
  }
  return Action::kStop;
}

/// For people: with the way out, where it is a table of ours that is missing.
[[nodiscard]] inline std::string described(const mysql::SqlError& error) {
  const bool is_ours = error.kind == mysql::SqlErrorKind::kMissingTable && error.message.contains("farshore.");
  return error.to_string() + (is_ours ? " (after an upgrade: `farshorectl init`)" : "");
}

}  // namespace farshore::apply
