#include "gate/gate_state.hpp"

#include <utility>

namespace farshore::gate {

GateState::GateState(Expectation expected, Bounds bounds) : expected_(std::move(expected)), bounds_(bounds) {}

void GateState::learn(Evidence evidence, std::chrono::steady_clock::time_point read_at) {
  const std::lock_guard lock(mutex_);
  evidence_ = std::move(evidence);
  read_at_ = read_at;
}

Assessment GateState::assess() const {
  const std::lock_guard lock(mutex_);
  const auto age = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - read_at_);
  Assessment out{.at = local_now(), .open = false, .evidence_age = std::nullopt, .streams = {}};
  if (evidence_) out.evidence_age = age;
  out.streams = judge(expected_, evidence_ ? &*evidence_ : nullptr, bounds_, {.now = out.at, .evidence_age = age});
  out.open = all_open(out.streams);
  return out;
}

}  // namespace farshore::gate
