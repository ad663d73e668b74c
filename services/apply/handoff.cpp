#include "services/apply/handoff.hpp"

#include <iterator>
#include <utility>

namespace farshore::apply {

bool Handoff::is_idle() const {
  const MutexLock lock(mutex_);
  return !is_given_;
}

bool Handoff::give(Job& job, std::chrono::milliseconds timeout) {
  {
    const MutexLock lock(mutex_);
    if (!changed_.wait_for(mutex_, timeout, [&]() REQUIRES(mutex_) { return !is_given_; })) return false;
    std::swap(job_, job);
    is_given_ = true;
  }
  changed_.notify_all();
  job.clear();
  return true;
}

void Handoff::take_outcomes(std::vector<Outcome>& outcomes) {
  outcomes.clear();
  const MutexLock lock(mutex_);
  outcomes.swap(outcomes_);
}

Job* Handoff::wait(std::chrono::milliseconds timeout) {
  const MutexLock lock(mutex_);
  return changed_.wait_for(mutex_, timeout, [&]() REQUIRES(mutex_) { return is_given_; }) ? &job_ : nullptr;
}

void Handoff::answer(std::vector<Outcome>& outcomes, bool finished) {
  if (outcomes.empty() && !finished) return;
  if (finished) job_.clear();
  {
    const MutexLock lock(mutex_);
    std::ranges::move(outcomes, std::back_inserter(outcomes_));
    if (finished) is_given_ = false;
  }
  outcomes.clear();
  changed_.notify_all();
  answered_();
}

}  // namespace farshore::apply
