#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gate/verdict.hpp"

namespace farshore::gate {

struct Assessment {
  LocalTime at;
  bool open = false;
  std::optional<std::chrono::microseconds> evidence_age;  ///< nothing: never read
  std::vector<StreamVerdict> streams;
};

/// The newest evidence, and the verdict on it at the moment of the question. Thread safe.
class GateState {
 public:
  GateState(Expectation expected, Bounds bounds);

  /// `read_at` is when the reading began, so that a slow answer does not look fresh.
  void learn(Evidence evidence, std::chrono::steady_clock::time_point read_at);
  [[nodiscard]] Assessment assess() const;
  [[nodiscard]] const Bounds& bounds() const { return bounds_; }

 private:
  const Expectation expected_;
  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::optional<Evidence> evidence_;               // guarded by mutex_
  std::chrono::steady_clock::time_point read_at_;  // guarded by mutex_
};

/// The answer of GET /v1/gate.
[[nodiscard]] std::string gate_json(const Assessment& assessment, const std::string& region, const Bounds& bounds);

}  // namespace farshore::gate
