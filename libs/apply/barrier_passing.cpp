#include "apply/barrier_passing.hpp"

#include "apply/barrier_store.hpp"
#include "apply/failure.hpp"
#include "apply/progress_mark.hpp"
#include "base/check.hpp"
#include "store/progress_store.hpp"
#include "store/tables.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using store::PartitionKey;
using store::PartitionState;
using store::ProgressRow;
using store::ProgressStore;
using namespace std::chrono_literals;

constexpr auto kEvery = 200ms;
constexpr auto kSoon = 1s;  // what passes sooner need not be said

}  // namespace

void BarrierPassing::pass_due(Clock::time_point now, std::vector<Outcome>& outcomes) {
  if (now < due_) return;
  due_ = now + kEvery;
  std::vector<PartitionKey> lost;
  for (auto& [key, held] : partitions_) {
    if (!held.barrier) continue;
    auto passed = pass(key, held, outcomes);
    partitions_.rollback();  // of what is not committed
    if (!passed && !session_.is_lost() && !mysql::is_transient(passed.error().kind)) {
      passed = stand(key, held, cannot_enter(*held.barrier, passed.error()), outcomes);
      partitions_.rollback();
    }
    if (session_.is_lost()) return;
    if (!passed) session_.tell(Failure::again(passed.error()).at(kOwnSchema, store::kProgressTable));
    if (passed && !*passed) lost.push_back(key);
  }
  for (const PartitionKey& key : lost) partitions_.lose(key, kMovedByAnother, outcomes);
}

// False: someone else has written the partition's progress.
std::expected<bool, SqlError> BarrierPassing::pass(const PartitionKey& key, Held& held,
                                                   std::vector<Outcome>& outcomes) {
  const BarrierArrival& barrier = *held.barrier;
  const auto facts = BarrierStore(session_.connection(), settings_.region).read(key.origin, barrier);
  if (!facts) return std::unexpected(facts.error());
  const auto wait = wait_at_barrier(key.origin, barrier, *facts);
  if (!wait) return enter(key, held, *facts, outcomes);
  const bool is_soon = wait->state == PartitionState::kAtBarrier && settings_.clock->now() - held.barrier_since < kSoon;
  return is_soon ? true : stand(key, held, *wait, outcomes);
}

// False as above.
std::expected<bool, SqlError> BarrierPassing::enter(const PartitionKey& key, Held& held, const BarrierFacts& facts,
                                                    std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  const BarrierArrival& barrier = *held.barrier;
  ProgressRow next = entered(held.row, barrier.epoch, barrier.start.begins_at);
  next.owner = settings_.owner;
  FARSHORE_CHECK(next.epoch == barrier.epoch && next.seq == Seq(0), next.epoch.epoch, next.seq);
  const auto advanced = ProgressStore(connection, settings_.region).advance(held.row, next);
  if (!advanced || !*advanced) return advanced;
  auto entered = BarrierStore(connection, settings_.region).enter(key.origin, barrier, facts, settings_.rules);
  // Keys may come here from other partitions, with their conflicts.
  if (entered) entered = parking_.conflicts().load(connection, key.origin);
  if (entered) entered = connection.commit();
  if (!entered) return std::unexpected(entered.error());
  next.writes = held.row.writes + 1;
  held.row = next;
  held.barrier.reset();
  session_.passed();
  outcomes.emplace_back(EpochEntered{.key = key, .row = next});
  return true;
}

// Says what is waited for, where status, readyz and gate find it, when it was not said yet. False as above.
std::expected<bool, SqlError> BarrierPassing::stand(const PartitionKey& key, Held& held, const BarrierWait& wait,
                                                    std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  ProgressRow next = held.row;
  next.owner = settings_.owner;
  next.state = wait.state;
  next.reason = store::reason_for_people(wait.reason);
  if (next.state == held.row.state && next.reason == held.row.reason) return true;
  const auto advanced = ProgressStore(connection, settings_.region).advance(held.row, next);
  if (!advanced || !*advanced) return advanced;
  std::expected<void, SqlError> noted;
  if (wait.state == PartitionState::kWaitingForStatement)
    noted = BarrierStore(connection, settings_.region).note_statement(key.origin, *held.barrier);
  if (noted) noted = connection.commit();
  if (!noted) return std::unexpected(noted.error());
  next.writes = held.row.writes + 1;
  held.row = next;
  outcomes.emplace_back(WaitsAtBarrier{.key = key, .row = next});
  return true;
}

}  // namespace farshore::apply
