#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "apply/outcome.hpp"
#include "apply/work_set.hpp"
#include "base/mutex.hpp"

namespace farshore::apply {

/// What the gathering thread asks of the writing one. Done in this order: write, release, load.
struct Job {
  WorkSet set;
  std::vector<store::PartitionKey> releases;
  std::vector<LoadRequest> loads;

  [[nodiscard]] bool empty() const { return set.empty() && releases.empty() && loads.empty(); }
  void clear() {
    set.clear();
    releases.clear();
    loads.clear();
  }
};

/// One job at a time from the gathering thread to the writing thread, and outcomes back. While one job is worked on the
/// next is gathered.
class Handoff {
 public:
  /// `answered` is called on the writing thread when there is something to look at: a job is done, or outcomes came.
  explicit Handoff(std::function<void()> answered) : answered_(std::move(answered)) {}

  // Gathering thread:
  [[nodiscard]] bool is_idle() const;
  /// Exchanges a job for an empty one. Waits while the one before is worked on; false: not within the timeout.
  [[nodiscard]] bool give(Job& job, std::chrono::milliseconds timeout);
  /// Replaces `outcomes` by those since the last call.
  void take_outcomes(std::vector<Outcome>& outcomes);

  // Writing thread:
  /// The job to work on, or nullptr when none came in time.
  [[nodiscard]] Job* wait(std::chrono::milliseconds timeout);
  /// Outcomes leave `outcomes`; `finished`: the job that wait() gave is done.
  void answer(std::vector<Outcome>& outcomes, bool finished);

 private:
  const std::function<void()> answered_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  Job job_;  // the writing thread's while is_given_
  bool is_given_ GUARDED_BY(mutex_) = false;
  std::vector<Outcome> outcomes_ GUARDED_BY(mutex_);
};

}  // namespace farshore::apply
