#include "services/gate/gate_state.hpp"

#include <utility>

namespace farshore::gate {

Assessment Assessment::of_origin(std::string_view origin) const {
  Assessment out = *this;
  std::erase_if(out.streams, [&](const StreamVerdict& verdict) { return verdict.origin != origin; });
  out.open = all_open(out.streams);
  return out;
}

GateState::GateState(Expectation expected, Bounds bounds)
    : expected_(std::move(expected)), bounds_(bounds), watch_(bounds) {}

void GateState::look(Instant at) {
  const MutexLock lock(mutex_);
  watch_.look(at);
}

void GateState::learn(Evidence evidence, Instant read_at) {
  const MutexLock lock(mutex_);
  watch_.learn(evidence.rows, read_at);
  evidence_ = std::move(evidence);
  read_at_ = read_at;
}

Assessment GateState::assess(Instant now) const {
  const MutexLock lock(mutex_);
  const auto age = now.steady - read_at_.steady;
  Assessment out{.at = now.wall, .open = false, .evidence_age = std::nullopt, .streams = {}};
  if (evidence_) out.evidence_age = age;
  out.streams = judge(expected_, evidence_ ? &*evidence_ : nullptr, bounds_, {.now = now, .evidence_age = age}, watch_);
  out.open = all_open(out.streams);
  return out;
}

}  // namespace farshore::gate
