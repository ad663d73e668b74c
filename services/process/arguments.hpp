#pragma once

#include <optional>
#include <string>

/// What the command line of `farshore` says beyond the configuration.
namespace farshore::service {

struct CaptureArguments {
  std::optional<std::string> origin;  ///< needed when the region has several
  std::optional<std::string> from;    ///< "end", "earliest" or a position; only for a first start
  bool rebuild_checkpoint = false;
};

struct ApplyArguments {
  std::string instance;  ///< names this process among several in progress.owner; never empty
};

struct GateArguments {};

}  // namespace farshore::service
