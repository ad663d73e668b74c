#include "apply/parked_timetable.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "store/progress_store.hpp"

namespace farshore::apply {
namespace {

using store::PartitionKey;
using store::ProgressStore;
using namespace std::chrono_literals;

constexpr auto kFirstPause = 100ms;
constexpr auto kRequestsEvery = 500ms;
// Who settles many rows asks for the next when the one before is answered: so for a while after an answer.
constexpr auto kNextRequestWithin = 1s;
constexpr auto kNextRequestEvery = 10ms;

}  // namespace

ParkedTimetable::ParkedTimetable(const WriterSettings& settings, const Notice& notice, WriterSession& session,
                                 HeldPartitions& partitions, TargetState& target)
    : settings_(settings),
      notice_(notice),
      session_(session),
      partitions_(partitions),
      target_(target),
      retry_(settings.region, target.parking(), target.planner(), target.look()),
      resolver_(settings.region, target.parking(), retry_) {}

void ParkedTimetable::taken_over(const PartitionKey& key) {
  tries_.erase(key);
  requests_due_ = {};
}

// --- what is parked

void ParkedTimetable::try_due(Clock::time_point now, std::vector<Outcome>& outcomes) {
  std::vector<PartitionKey> due;
  for (const auto& [key, held] : partitions_) {
    if (target_.parking().waits().is_due(key, now)) due.push_back(key);
  }
  for (const PartitionKey& key : due) {
    if (!session_.is_ready()) return;
    try_partition(key, outcomes);
  }
}

void ParkedTimetable::try_partition(const PartitionKey& key, std::vector<Outcome>& outcomes) {
  const AtHand at_hand_here([&] { return "what is parked of " + key.to_string(); });
  const auto tried = try_changes(key, partitions_.at(key), outcomes);
  if (!tried) return on_failed_try(key, tried.error(), outcomes);
  const auto before = tries_.extract(key);
  if (!before.empty() && !before.mapped().fault.empty())
    notice_(NoticeLevel::kInformation, fmt::format("{}: what is parked is tried again", key.to_string()));
  for (const std::string& sentence : retry_.found_conflicts()) notice_(NoticeLevel::kWarning, sentence);
}

// A pass that finds nothing to change leaves no trace, in no binlog either.
std::expected<void, Failure> ParkedTimetable::try_changes(const PartitionKey& key, Held& held,
                                                          std::vector<Outcome>& outcomes) {
  if (auto begun = begin(held); !begun) return begun;
  const auto changed = retry_.pass(session_.connection(), held.row, settings_.clock->now());
  if (!changed) return std::unexpected(changed.error());
  if (!*changed) {
    partitions_.rollback();
    session_.clear_fault();
    return {};
  }
  if (auto committed = commit(); !committed) return committed;
  target_.parking().settle(true);
  retry_.settled(true, key, settings_.clock->now());
  note_mismatches(outcomes);
  ++held.row.writes;
  return {};
}

void ParkedTimetable::on_failed_try(const PartitionKey& key, const Failure& failure, std::vector<Outcome>& outcomes) {
  Tries& tries = tries_[key];
  partitions_.rollback();
  tries.pause = std::min(std::max<std::chrono::milliseconds>(kFirstPause, tries.pause * 2), settings_.retry_interval);
  target_.parking().waits().postpone(key, settings_.clock->now() + tries.pause);
  const SliceStops* const stops = failure.slice_stops();
  if (stops == nullptr) {
    if (const TryAgain* const again = failure.try_again()) session_.count_retry(again->error);
    // Its COMMIT may have gone through: the rows in memory are not to be trusted.
    if (session_.is_lost()) {
      partitions_.lose(key, "the session was lost while parked changes were tried again", outcomes);
    } else {
      session_.tell(failure);
    }
    return;
  }
  // It is out of the partition's order already, and the gate closed: nothing is won by stopping the partition, which
  // may bring the newer change of its key.
  if (tries.fault != stops->reason)
    notice_(NoticeLevel::kWarning, fmt::format("{}: {}", key.to_string(), stops->reason));
  tries.fault = stops->reason;
}

// --- what people ask for

void ParkedTimetable::carry_out_requests(Clock::time_point now, std::vector<Outcome>& outcomes) {
  if (now < requests_due_) return;
  requests_due_ = now + (expects_request(now) ? kNextRequestEvery : kRequestsEvery);
  if (partitions_.empty()) return;
  const auto requests = resolver_.open_requests(session_.connection());
  partitions_.rollback();  // it only read
  if (!requests) return;
  bool all_done = true;
  for (const Request& request : *requests) {
    Held* const held = partitions_.find(request.partition);
    if (held == nullptr) continue;
    notice_(
        NoticeLevel::kInformation,
        fmt::format("{}: {} of seq {} of table {}.{} is asked for{}", request.partition.to_string(), request.action,
                    request.seq.raw(), request.key.schema, request.key.table, request.dry_run ? " as a dry run" : ""));
    if (auto done = carry_out(*held, request, outcomes); !done) {
      on_failed_try(request.partition, done.error(), outcomes);
      all_done = false;
    } else {
      next_request_until_ = settings_.clock->now() + kNextRequestWithin;
    }
    requests_due_ = settings_.clock->now() + (all_done ? kNextRequestEvery : kRequestsEvery);
    if (!session_.is_ready()) return;
  }
}

// What is not done leaves nothing but its answer, which is no application's row and needs no marker.
std::expected<void, Failure> ParkedTimetable::carry_out(Held& held, const Request& request,
                                                        std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  if (auto begun = begin(held); !begun) return begun;
  auto answer = resolver_.carry_out(connection, held.row, held.barrier.has_value(), request);
  if (!answer) {
    const SliceStops* const stops = answer.error().slice_stops();
    if (stops == nullptr) return std::unexpected(answer.error());
    answer = Resolver::Answer{.done = false, .outcome = "refused: " + stops->reason};
  }
  if (!answer->done) {
    partitions_.rollback();
    if (RowLook* const look = target_.look()) look->begin();
  }
  if (auto said = resolver_.answer(connection, request, *answer); !said) {
    return std::unexpected(Failure::of_statement(0, "a request cannot be answered", said.error()));
  }
  if (auto committed = commit(); !committed) return committed;
  target_.parking().settle(answer->done);
  note_mismatches(outcomes);
  if (answer->done) ++held.row.writes;
  return {};
}

// --- their transactions

std::expected<void, Failure> ParkedTimetable::begin(const Held& held) {
  const auto advanced = ProgressStore(session_.connection(), settings_.region).advance(held.row, held.row);
  if (!advanced) return std::unexpected(Failure::again(advanced.error()));
  if (!*advanced) return std::unexpected(Failure{ProgressMoved()});
  if (RowLook* const look = target_.look()) look->begin();
  return {};
}

std::expected<void, Failure> ParkedTimetable::commit() {
  if (auto noted = target_.note_looked(session_.connection(), 0); !noted) return noted;
  if (auto committed = session_.connection().commit(); !committed)
    return std::unexpected(Failure::again(committed.error()));
  session_.passed();
  return {};
}

// Of partitions that may be another writer's, too.
void ParkedTimetable::note_mismatches(std::vector<Outcome>& outcomes) {
  if (target_.look() == nullptr) return;
  for (const RowLook::Found& found : target_.look()->committed()) {
    outcomes.emplace_back(ParkedRetried{.key = found.partition, .mismatches = found.counts});
    if (!found.sentence.empty()) notice_(NoticeLevel::kWarning, found.sentence);
  }
}

}  // namespace farshore::apply
