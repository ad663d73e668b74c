#pragma once

#include <functional>
#include <string>

#include "base/numbers.hpp"

namespace farshore::capture {

/// What a session tells its service. Called on the session's thread.
struct SessionEvents {
  std::function<void()> standby;                        ///< another capture holds the lease
  std::function<void(Epoch)> capturing;                 ///< everything is in place, and the source sends
  std::function<void(bool silent)> kafka_silent;        ///< Kafka acknowledges nothing any more, or again
  std::function<void(const std::string&)> withheld;     ///< why no watermark is given; empty: they are again
  std::function<void(const std::string&)> warning;      ///< one sentence
  std::function<void(const std::string&)> information;  ///< one sentence
  std::function<void()> beat;                           ///< the session's thread goes on; called often
};

}  // namespace farshore::capture
