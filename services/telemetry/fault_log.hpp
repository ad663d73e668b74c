#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "services/telemetry/log.hpp"

namespace farshore::service {

/// One line when a fault comes or becomes another, and one when it is over. One thread.
class FaultLog {
 public:
  /// `over`: the line that ends a fault.
  explicit FaultLog(std::string over) : over_(std::move(over)) {}

  /// Empty: there is none.
  void note(std::string_view fault) {
    if (fault == known_) return;
    if (fault.empty())
      log_info(over_);
    else
      log_warn(fault);
    known_ = fault;
  }

 private:
  const std::string over_;
  std::string known_;
};

}  // namespace farshore::service
