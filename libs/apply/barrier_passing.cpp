#include "apply/barrier_passing.hpp"

#include "apply/barrier_store.hpp"
#include "apply/failure.hpp"
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
    auto passed = look(key, held, outcomes);
    partitions_.rollback();  // of what is not committed
    if (!passed && !session_.is_lost() && !mysql::is_transient(passed.error().kind)) {
      passed = stand(key, held, cannot_pass(*held.barrier, passed.error()), outcomes);
      partitions_.rollback();
    }
    if (session_.is_lost()) return;
    if (!passed) session_.tell(Failure::again(passed.error()).at(kOwnSchema, store::kProgressTable));
    if (passed && !*passed) lost.push_back(key);
  }
  for (const PartitionKey& key : lost) partitions_.lose(key, kMovedByAnother, outcomes);
}

// False: someone else has written the partition's progress.
std::expected<bool, SqlError> BarrierPassing::look(const PartitionKey& key, Held& held,
                                                   std::vector<Outcome>& outcomes) {
  const Barrier& barrier = *held.barrier;
  const auto facts = BarrierStore(session_.connection(), settings_.region).read(key.origin, barrier);
  if (!facts) return std::unexpected(facts.error());
  const auto wait = wait_at_barrier(key.origin, barrier, *facts);
  if (!wait) return pass(key, held, *facts, outcomes);
  const bool is_soon = wait->state == PartitionState::kAtBarrier && settings_.clock->now() - held.barrier_since < kSoon;
  return is_soon ? true : stand(key, held, *wait, outcomes);
}

// False as above.
std::expected<bool, SqlError> BarrierPassing::pass(const PartitionKey& key, Held& held, const BarrierFacts& facts,
                                                   std::vector<Outcome>& outcomes) {
  mysql::Connection& connection = session_.connection();
  const Barrier& barrier = *held.barrier;
  ProgressRow next = row_behind(barrier, held.row);
  next.owner = settings_.owner;
  const auto advanced = ProgressStore(connection, settings_.region).advance(held.row, next);
  if (!advanced || !*advanced) return advanced;
  auto passed = BarrierStore(connection, settings_.region).pass(key.origin, barrier, facts, settings_.rules);
  // Keys may come here from other partitions, with their conflicts.
  if (passed) passed = parking_.conflicts().load(connection, key.origin);
  if (passed) passed = connection.commit();
  if (!passed) return std::unexpected(passed.error());
  next.writes = held.row.writes + 1;
  held.row = next;
  held.barrier.reset();
  session_.passed();
  outcomes.emplace_back(BarrierPassed{.key = key, .row = next});
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
