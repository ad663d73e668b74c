#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "services/gate/verdict.hpp"

namespace farshore::gate {

struct Assessment {
  LocalTime at;
  bool open = false;
  std::optional<std::chrono::microseconds> evidence_age;  ///< nothing: never read
  std::vector<StreamVerdict> streams;

  /// What is true of one origin alone: another one's trouble does not close it.
  [[nodiscard]] Assessment of_origin(std::string_view origin) const;
};

/// The newest evidence, and the verdict on it at the moment of the question. Thread safe.
class GateState {
 public:
  GateState(Expectation expected, Bounds bounds);

  /// At every poll, also one that fails.
  void look(Instant at);
  /// `read_at` is when the reading began, so that a slow answer does not look fresh.
  void learn(Evidence evidence, Instant read_at);
  [[nodiscard]] Assessment assess(Instant now) const;
  [[nodiscard]] const Bounds& bounds() const { return bounds_; }
  [[nodiscard]] const std::vector<std::string>& origins() const { return expected_.origins; }

 private:
  const Expectation expected_;
  const Bounds bounds_;
  mutable Mutex mutex_;
  SafeTimeWatch watch_ GUARDED_BY(mutex_);
  std::optional<Evidence> evidence_ GUARDED_BY(mutex_);
  Instant read_at_ GUARDED_BY(mutex_) = {};
};

/// The answer of GET /v1/gate. `origin`: the one that was asked for; empty: all.
[[nodiscard]] std::string gate_json(const Assessment& assessment, const std::string& region, const Bounds& bounds,
                                    std::string_view origin = {});

}  // namespace farshore::gate
