#include "capture/publish/acknowledgements.hpp"

#include "base/check.hpp"

namespace farshore::capture {

void Acknowledgements::acknowledged(std::uint64_t ticket, KafkaOffset offset) {
  Lane& lane = lanes_[slot_of(ticket).raw()];
  ++lane.acknowledged;
  --in_flight_;
  FARSHORE_CHECK((lane.acknowledged & kRecordMask) == (ticket & kRecordMask));
  lane.behind = offset.next();
  if (!cut_is_open_ || lane.acknowledged > lane.cut) return;
  lane.behind_cut = lane.behind;
  if (lane.acknowledged == lane.cut) --uncovered_;
}

void Acknowledgements::open_cut() {
  FARSHORE_CHECK(!cut_is_open_);
  cut_is_open_ = true;
  uncovered_ = 0;
  for (Lane& lane : lanes_) {
    lane.cut = lane.sent;
    lane.behind_cut = lane.behind;
    if (lane.acknowledged < lane.cut) ++uncovered_;
  }
}

std::vector<std::optional<KafkaOffset>> Acknowledgements::close_cut() {
  FARSHORE_CHECK(covered());
  cut_is_open_ = false;
  std::vector<std::optional<KafkaOffset>> offsets;
  for (const Lane& lane : lanes_) offsets.push_back(lane.behind_cut);
  return offsets;
}

}  // namespace farshore::capture
