#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <string>

#include "services/config/config.hpp"

namespace farshore::ctl {

struct GateAnswer {
  std::string text;
  nlohmann::json parsed;  ///< has "verdict" and "streams"

  [[nodiscard]] bool is_open() const { return parsed["verdict"] == "open"; }
};

/// What the region's gate says of one origin, or (empty) of all: its own rule, judged by itself. An error is one
/// sentence for people; `is_away`: nothing answers there.
struct NoGateAnswer {
  std::string sentence;
  bool is_away = false;
};
[[nodiscard]] std::expected<GateAnswer, NoGateAnswer> ask_gate(const service::Config& config,
                                                               const std::string& origin);

/// "hole [3]: seq 5 is missing; parked: 2 changes are parked"
[[nodiscard]] std::string reasons_text(const nlohmann::json& reasons);

}  // namespace farshore::ctl
