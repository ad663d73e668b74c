#include "apply/work_set_writer.hpp"

#include <algorithm>
#include <utility>

namespace farshore::apply {

WorkSetWriter::WorkSetWriter(WriterSettings settings, Counts& counts, Notice notice)
    : settings_(std::move(settings)),
      notice_(std::move(notice)),
      target_(settings_),
      session_(settings_, target_.catalog(), counts),
      partitions_(settings_, session_, target_.parking()),
      barriers_(settings_, session_, partitions_, target_.parking()),
      awaited_(settings_, session_),
      parked_(settings_, notice_, session_, partitions_, target_),
      transaction_(settings_, notice_, session_, partitions_, target_, counts) {}

void WorkSetWriter::load(std::span<const LoadRequest> requests, std::vector<Outcome>& outcomes,
                         const std::stop_token& stop) {
  if (session_.is_open() && !session_.marker_fault().empty()) session_.close();  // the next one looks again
  for (const LoadRequest& request : requests) {
    if (partitions_.take_over(request, outcomes, stop)) {
      parked_.taken_over(request.key);
    } else if (stop.stop_requested()) {
      return;
    }
  }
}

void WorkSetWriter::write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop) {
  transaction_.write(set, outcomes, stop);
  if (std::ranges::any_of(set.slices(), [](const Slice& slice) { return slice.arrival.has_value(); }))
    barriers_.look_soon();
}

void WorkSetWriter::tick(std::vector<Outcome>& outcomes, const std::stop_token& stop) {
  const auto now = settings_.clock->now();
  // Without a partition none is waited for; but one that is there is kept, for the next that is taken over.
  if (!session_.keep_alive(!partitions_.empty(), stop) || !session_.is_ready()) return;
  barriers_.pass_due(now, outcomes);
  if (session_.is_ready()) awaited_.look_due(now);
  if (!session_.is_ready()) return;
  parked_.try_due(now, outcomes);
  if (session_.is_ready()) parked_.carry_out_requests(now, outcomes);
}

}  // namespace farshore::apply
