#include "services/apply/feed.hpp"

namespace farshore::apply {
namespace {

constexpr std::chrono::milliseconds kSearchLongest{600'000};

}  // namespace

void Search::begin() {
  begun_ = true;
  again_at_.reset();
}

bool Search::begins_at_gap(Clock::time_point now, std::chrono::milliseconds interval) {
  if (begun_ && !again_at_) {
    wait_ = next_wait(wait_, interval, std::max(interval, kSearchLongest));
    again_at_ = now + wait_;
  }
  if (begun_ && now < *again_at_) return false;
  begin();
  return true;
}

}  // namespace farshore::apply
